// The tab for one text: typing, and asking for the answer as it is written.

import * as alternatives from "./alternatives.js";
import * as answer from "./answer.js";
import { byId, copy } from "./dom.js";
import * as examples from "./examples.js";
import { fragmentOf } from "./link.js";
import * as notice from "./notice.js";
import { rest, translations, written } from "./service.js";
import { chosenModel, choose, limits, settings, told } from "./settings.js";
import * as field from "./source.js";

const PAUSE = 120; // Milliseconds without typing before the answer begins,
const REST = 400; // and then before the n best answers are asked for.
const BEST = 5; // Answers, or as many as the service gives.

const { source } = field;
const panel = source.closest("[role=tabpanel]");

let asking = new AbortController();
let owed = false;

/** Let the tab react to what is typed and clicked. */
export function makeTextTab() {
  field.keepOneLine();
  source.addEventListener("input", () => ask());
  panel.addEventListener("shown", () => {
    if (owed) ask(0);
  });
  byId("copy-link").addEventListener("click", (event) => copy(location.href, event.target));
}

/** Show the chosen model's examples. */
export function showExamples() {
  examples.show(chosenModel().examples, (example) => {
    choose(example);
    write(example.source);
  });
}

/** Put a text into the field and ask for its answer. */
export function write(text) {
  field.write(text);
  ask(0);
}

/**
 * Ask for the answer to what the field says, once the tab is shown; what was asked before is given
 * up.
 */
export function ask(pause = PAUSE) {
  asking.abort();
  owed = panel.hidden;
  if (owed) return;
  asking = new AbortController();
  const { signal } = asking;
  const text = source.value;
  byId("copy-link").hidden = !text;
  if (text === "") {
    showLink(text);
    answer.empty();
    notice.clear();
    return;
  }
  answered({ ...settings(), texts: text }, pause, signal).catch((error) => {
    if (signal.aborted) return;
    answer.empty();
    notice.tell(error, () => ask(0));
  });
}

async function answered(request, pause, signal) {
  const calling = { signal, waiting: notice.tellBusy };
  await rest(pause, signal);
  showLink(request.texts);
  answer.fade();
  if (request.abstain_below === undefined) await follow(request, calling);
  else await decide(request, calling);
  await rest(REST, signal);
  try {
    await compare(request, calling);
  } catch (error) {
    if (signal.aborted) return;
    // The answer stands, whatever became of the others.
    alternatives.show({});
    notice.tell(error, () => ask(0));
  }
}

/** Show the n best answers. */
async function compare(request, calling) {
  const best = Math.min(BEST, limits().max_beam, limits().max_n_best);
  if (best < 2) {
    alternatives.show({});
    return;
  }
  const [translation] = await translations({ ...request, beam: best, n_best: best }, calling);
  notice.clear();
  alternatives.show(translation);
}

/** Show an answer while it is written. */
async function follow(request, calling) {
  for await (const { event, data } of written(request, calling)) {
    if (event === "start") {
      notice.clear();
      answer.begin(data);
    } else if (event === "symbol") {
      answer.add(data, chosenModel().target_separator);
    } else {
      answer.finish(data);
    }
  }
}

/** Show an answer that may be withheld: when that is decided, and not while it is written. */
async function decide(request, calling) {
  const [translation] = await translations({ ...request, explain: true }, calling);
  notice.clear();
  answer.show(translation);
}

/** Let the address lead to this query; not at every key, which browsers may refuse. */
function showLink(text) {
  history.replaceState(null, "", fragmentOf({ ...told(), text: text || undefined }));
}
