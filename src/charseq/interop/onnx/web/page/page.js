// The page: one text, its answer as it is typed, what else was probable.

import { load } from "./charseq.js";
import { codePoint } from "./unseen.js";

const BEST = 5;
const PAUSE = 30; // Milliseconds without typing before the answer is looked for,
const REST = 300; // and then before the n best answers are.

const byId = (id) => document.getElementById(id);
const source = byId("source");

let model;
let asked = 0;

begin();

async function begin() {
  try {
    model = await load("model.onnx");
  } catch (error) {
    say(`The model cannot be loaded: ${error.message}`);
    return;
  }
  const { told, sources } = model.description;
  if (told.corpus.name) byId("name").textContent = document.title = told.corpus.name;
  offer("language", [...sources.languages.keys()]);
  offer("features", [...sources.features.keys()]);
  byId("language").replaceChildren(...[...sources.languages.keys()].map((name) => new Option(name)));
  byId("features").placeholder = [...sources.features.keys()].slice(0, 2).join(model.description.featuresSeparator);
  for (const field of [source, byId("language"), byId("features")]) field.addEventListener("input", answer);
  say("");
  byId("work").hidden = false;
  await keepForOffline();
}

/** Show the field of what the model reads beside the text, if it does. */
function offer(name, known) {
  byId(`${name}-field`).hidden = !known.length;
}

/** Answer what the fields say: at once, and with the n best answers when the typing rests. */
async function answer() {
  const own = ++asked;
  const { languages, features } = model.description.sources;
  const text = source.value;
  const options = {
    ...(languages.size && { language: byId("language").value }),
    ...(features.size && { features: byId("features").value }),
  };
  byId("findings").hidden = !text;
  await pause(PAUSE);
  if (own !== asked) return;
  try {
    const best = await model.translate(text, { ...options, explain: true });
    if (own !== asked) return;
    show(best);
    await pause(REST);
    if (own !== asked) return;
    const { alternatives = [] } = await model.translate(text, { ...options, beam: BEST, nBest: BEST });
    if (own !== asked) return;
    byId("alternatives").replaceChildren(...alternatives.map(alternativeItem));
    byId("alternatives").classList.remove("stale");
  } catch (error) {
    say(error.message);
  }
}

function show(translation) {
  say("");
  byId("answer").textContent = translation.hypothesis;
  byId("remarks").replaceChildren(...remarks(translation).map((each) => element("li", {}, each)));
  byId("symbols").replaceChildren(...(translation.explanation?.symbols ?? []).map(symbolRow));
  byId("alternatives").classList.add("stale");
}

function symbolRow({ symbol, end, log_probability: logarithm, runners_up: others }) {
  const runnersUp = others
    .map(([other, gain]) => [other, percent(gain)])
    .map(([other, share]) => element("span", { className: "runner-up" }, element("bdi", {}, label(other)), ` ${share}`));
  return element(
    "tr",
    { className: Math.exp(logarithm ?? -Infinity) < 0.5 ? "doubtful" : "" },
    element("th", { scope: "row", className: end ? "end" : "" }, element("bdi", {}, label(symbol))),
    element("td", {}, percent(logarithm)),
    element("td", {}, ...runnersUp),
  );
}

function alternativeItem({ hypothesis, log_probability: logarithm, cut }) {
  return element(
    "li",
    {},
    element("bdi", {}, hypothesis || "(nothing)"),
    element("span", { className: "number" }, `${percent(logarithm)}${cut ? ", cut" : ""}`),
  );
}

/** Return the sentences about an answer: why there is none, or how to take it. */
function remarks({ error, cut, confidence, unknown_symbols: symbols = [], unknown_features: features = [] }) {
  if (error) return [`There is no answer: ${error}.`];
  const unknown = [...symbols.map(label), ...features].map((each) => `\u2068${each}\u2069`);
  return [
    confidence !== undefined && `${percent(Math.log(confidence))} sure`,
    cut && "The answer was cut: it is as long as answers may be, and had not come to its end.",
    unknown.length && `The model has never seen ${unknown.join(", ")}: a guess is all it can make of that.`,
  ].filter(Boolean);
}

/** Return a symbol fit to stand by itself: what would not show is made to. */
function label(symbol) {
  if (symbol === " ") return "␣";
  if (/^\p{M}/u.test(symbol)) return `◌${symbol}`;
  return symbol.replace(/[\p{C}\p{Z}]/gu, codePoint);
}

/** Return the probability of a logarithm; none but 1 reads as certain, none but 0 as impossible. */
function percent(logarithm) {
  const hundredths = 100 * Math.min(1, Math.exp(logarithm ?? -Infinity));
  if (hundredths > 0 && hundredths < 0.1) return "< 0.1 %";
  if (hundredths < 100 && hundredths > 99.9) return "> 99.9 %";
  return `${hundredths.toFixed(1)} %`;
}

/** Return a new element; strings among its children stay text. */
function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

function say(words) {
  byId("notice").textContent = words;
  byId("notice").hidden = !words;
}

/** Have the browser keep the site's files. Without HTTPS it cannot; then this page needs a network to open. */
async function keepForOffline() {
  if (!navigator.onLine) return;
  try {
    const { version } = await (await fetch("files.json", { cache: "no-cache" })).json();
    await navigator.serviceWorker.register(`worker.js?version=${version}`);
  } catch {
    // Neither now nor with what was kept before is there anything to do.
  }
}
