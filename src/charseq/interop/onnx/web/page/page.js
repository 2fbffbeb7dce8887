// The page: one text, and its answer as it is typed.

import * as alternatives from "./alternatives.js";
import * as answer from "./answer.js";
import { load } from "./charseq.js";
import { byId } from "./dom.js";
import * as examples from "./examples.js";
import { sentence } from "./sentences.js";
import { keepOneLine, source, write } from "./source.js";

const BEST = 5;
const PAUSE = 30; // Milliseconds without typing before the answer is looked for,
const REST = 300; // and then before the n best answers are.

let model;
let asked = 0;

begin();

async function begin() {
  try {
    model = await load("model.onnx");
  } catch (error) {
    say(sentence(`the model cannot be loaded: ${error.message}`), "error");
    return;
  }
  const { told, sources } = model.description;
  if (told.corpus.name) byId("name").textContent = document.title = told.corpus.name;
  offer("language", [...sources.languages.keys()]);
  offer("features", [...sources.features.keys()]);
  byId("language").replaceChildren(...[...sources.languages.keys()].map((name) => new Option(name)));
  byId("features").placeholder = [...sources.features.keys()].slice(0, 2).join(model.description.featuresSeparator);
  keepOneLine();
  for (const field of [source, byId("language"), byId("features")]) field.addEventListener("input", ask);
  const inputs = await inputsToTry();
  byId("features").value = inputs.find((each) => each.features)?.features ?? "";
  examples.show(inputs, choose);
  say("");
  byId("work").hidden = false;
  await keepForOffline();
}

/** Show the field of what the model reads beside the text, if it does. */
function offer(name, known) {
  byId(`${name}-field`).hidden = !known.length;
}

/** Return the inputs in the file beside the model: one a line, its features and its language after tabs. */
async function inputsToTry() {
  const { languages, features } = model.description.sources;
  let lines = [];
  try {
    const answered = await fetch("examples.txt");
    if (answered.ok) lines = (await answered.text()).split(/\r?\n/);
  } catch {
    // The model answers without them.
  }
  const inputs = lines.map((line) => {
    const [text, ...conditions] = line.split("\t");
    return {
      source: text,
      ...(features.size && { features: conditions.shift() }),
      ...(languages.size && { language: conditions.shift() }),
    };
  });
  return inputs.filter((each) => each.source);
}

/** Fill the fields with an example, and answer it. */
function choose(example) {
  write(example.source);
  if (example.features !== undefined) byId("features").value = example.features;
  if (model.description.sources.languages.has(example.language)) byId("language").value = example.language;
  ask();
}

/** Answer what the fields say: at once, and with the n best answers when the typing rests. */
async function ask() {
  const own = ++asked;
  const { languages, features } = model.description.sources;
  const text = source.value;
  if (text === "") {
    say("");
    answer.empty();
    return;
  }
  const options = {
    ...(languages.size && { language: byId("language").value }),
    ...(features.size && { features: byId("features").value }),
  };
  await pause(PAUSE);
  if (own !== asked) return;
  answer.fade();
  try {
    const greedy = await model.translate(text, { ...options, explain: true });
    if (own !== asked) return;
    say("");
    answer.show(greedy);
    await pause(REST);
    if (own !== asked) return;
    const best = await model.translate(text, { ...options, beam: BEST, nBest: BEST });
    if (own === asked) alternatives.show(best);
  } catch (error) {
    if (own !== asked) return;
    answer.empty();
    say(sentence(error.message), "error");
  }
}

function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

function say(words, kind = "") {
  byId("notice").textContent = words;
  byId("notice").dataset.kind = kind;
  byId("notice").hidden = !words;
}

/** Have the browser keep the site's files. Without HTTPS it cannot; then this page needs a network to open. */
async function keepForOffline() {
  if (!navigator.onLine) return;
  try {
    const listing = await fetch("files.json", { cache: "no-cache" });
    if (listing.status === 404) {
      await makeWay();
      return;
    }
    const { version } = await listing.json();
    await navigator.serviceWorker.register(`worker.js?version=${version}`);
  } catch {
    // Neither now nor with what was kept before is there anything to do.
  }
}

/** Let go of an address where this site is no more, so that the browser shows what is there now. */
async function makeWay() {
  const registration = await navigator.serviceWorker.getRegistration();
  if (!registration) return;
  const own = `charseq ${registration.scope} `;
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(own)).map((name) => caches.delete(name)));
  await registration.unregister();
  location.reload();
}
