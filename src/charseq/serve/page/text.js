// The tab for one text: typing, the answer as it is written, and what is to be seen of it.

import * as alternatives from "./alternatives.js";
import { byId, copy, element } from "./dom.js";
import * as inspection from "./inspection.js";
import { fragmentOf } from "./link.js";
import * as notice from "./notice.js";
import { remarks } from "./sentences.js";
import { rest, translations, written } from "./service.js";
import { chosenModel, choose, settings, told } from "./settings.js";
import { percent } from "./symbols.js";

const PAUSE = 120; // Milliseconds without typing before the answer begins,
const REST = 400; // and then before the n best answers are asked for.
const BEST = 5;
const NOTHING_READ = { source_symbols: [], conditions: 0, symbols: [] };

const source = byId("source");
const answer = byId("answer");

let asking = new AbortController();

/** Let the tab react to what is typed and clicked. */
export function makeTextTab() {
  source.addEventListener("input", () => {
    // Setting the value moves the cursor: only where it must be.
    if (source.value.includes("\n")) source.value = oneLine(source.value);
    ask();
  });
  byId("copy-answer").addEventListener("click", (event) => copy(answer.textContent, event.target));
  byId("copy-link").addEventListener("click", (event) => copy(location.href, event.target));
}

/** Show the chosen model's examples. */
export function showExamples() {
  byId("examples").replaceChildren(
    ...chosenModel().examples.map((example) => {
      const properties = { type: "button", className: "example", dir: "auto" };
      const button = element("button", properties, example.source);
      button.addEventListener("click", () => {
        choose(example);
        write(example.source);
      });
      return button;
    }),
  );
}

/** Put a text into the field and ask for its answer. */
export function write(text) {
  source.value = oneLine(text);
  ask(0);
}

/** Ask for the answer to what the field says; what was asked before is given up. */
export function ask(pause = PAUSE) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const text = source.value;
  byId("copy-link").hidden = !text;
  if (text === "") {
    showLink(text);
    empty();
    return;
  }
  answered({ ...settings(), texts: text }, pause, signal).catch((error) => {
    if (signal.aborted) return;
    empty();
    notice.tell(error, () => ask(0));
  });
}

async function answered(request, pause, signal) {
  const calling = { signal, waiting: notice.tellBusy };
  await rest(pause, signal);
  showLink(request.texts);
  alternatives.fade();
  const symbols = [];
  for await (const { event, data } of toldOf(request, calling)) {
    if (event === "start") {
      notice.clear();
      begin(data);
    } else if (event === "symbol") {
      if (!data.end) symbols.push(data.symbol);
      inspection.add(data);
      answer.textContent = symbols.join(chosenModel().target_separator);
    } else {
      finish(data);
    }
  }
  await rest(REST, signal);
  const [best] = await translations({ ...request, beam: BEST, n_best: BEST }, calling);
  notice.clear();
  alternatives.show(best);
}

/** Yield what is told of an answer, in the order of the stream's events. */
async function* toldOf(request, calling) {
  if (request.abstain_below === undefined) {
    yield* written(request, calling);
    return;
  }
  // An answer that may be withheld is shown when that is decided, and not while it is written.
  const [translation] = await translations({ ...request, explain: true }, calling);
  const { explanation = NOTHING_READ } = translation; // A refused text has none.
  yield { event: "start", data: explanation };
  for (const symbol of explanation.symbols) yield { event: "symbol", data: symbol };
  yield { event: "translation", data: translation };
}

/** Let the address lead to this query; not at every key, which browsers may refuse. */
function showLink(text) {
  history.replaceState(null, "", fragmentOf({ ...told(), text }));
}

/** Return a text as models read it: a pasted one may have several lines. */
function oneLine(text) {
  return text.replace(/\s*\n\s*/g, " ");
}

function begin(start) {
  answer.textContent = "";
  byId("remarks").replaceChildren();
  byId("confidence").hidden = byId("copy-answer").hidden = true;
  byId("findings").hidden = false;
  inspection.begin(start);
}

function finish(translation) {
  const { hypothesis, confidence, abstained } = translation;
  answer.textContent = hypothesis;
  const said = remarks(translation);
  byId("remarks").replaceChildren(...said.map((each) => element("li", { dir: "auto" }, each)));
  const sure = confidence !== undefined && !abstained;
  byId("confidence").hidden = !sure;
  byId("confidence").textContent = sure ? `${percent(confidence)} sure` : "";
  byId("copy-answer").hidden = !hypothesis;
  inspection.finish(translation);
  const aloud = [hypothesis, sure && byId("confidence").textContent, ...said];
  byId("spoken").textContent = aloud.filter(Boolean).join(". ");
}

function empty() {
  answer.textContent = byId("spoken").textContent = "";
  byId("remarks").replaceChildren();
  byId("findings").hidden = byId("confidence").hidden = byId("copy-answer").hidden = true;
  alternatives.show({});
}
