// What is shown of the answer to one text: the answer, how to take it, and how it came about.

import * as alternatives from "./alternatives.js";
import { byId, copy, element } from "./dom.js";
import * as inspection from "./inspection.js";
import { remarks } from "./sentences.js";
import { percent } from "./symbols.js";

const NOTHING_READ = { source_symbols: [], conditions: 0, symbols: [] };

const answer = byId("answer");
const confidenceWords = byId("confidence");
const copyButton = byId("copy-answer");

let symbols = [];

copyButton.addEventListener("click", () => copy(answer.textContent, copyButton));

/** Show that what stands there answers an earlier text. */
export function fade() {
  answer.classList.add("stale");
  copyButton.hidden = true;
  alternatives.fade();
}

/** Begin with what the model reads. */
export function begin(start) {
  symbols = [];
  answer.classList.remove("stale");
  answer.textContent = "";
  byId("remarks").replaceChildren();
  confidenceWords.hidden = copyButton.hidden = true;
  byId("findings").hidden = false;
  inspection.begin(start);
}

/** Add a symbol that has been written; a separator stands between symbols. */
export function add(written, separator) {
  if (!written.end) symbols.push(written.symbol);
  inspection.add(written);
  answer.textContent = symbols.join(separator);
}

/** Say what is known when the answer is whole. */
export function finish(translation) {
  const { hypothesis, confidence, abstained } = translation;
  answer.textContent = hypothesis;
  const said = remarks(translation);
  byId("remarks").replaceChildren(...said.map((each) => element("li", { dir: "auto" }, each)));
  const sure = confidence !== undefined && !abstained;
  confidenceWords.hidden = !sure;
  confidenceWords.textContent = sure ? `${percent(confidence)} sure` : "";
  copyButton.hidden = !hypothesis;
  inspection.finish(translation);
  const aloud = [hypothesis, sure && confidenceWords.textContent, ...said];
  byId("spoken").textContent = aloud.filter(Boolean).join(". ");
}

/** Show a translation that is whole already; one of a refused text has no explanation. */
export function show(translation) {
  const { explanation = NOTHING_READ } = translation;
  begin(explanation);
  explanation.symbols.forEach(inspection.add);
  finish(translation);
}

/** Show that there is no answer. */
export function empty() {
  answer.textContent = byId("spoken").textContent = "";
  answer.classList.remove("stale");
  byId("remarks").replaceChildren();
  byId("findings").hidden = confidenceWords.hidden = copyButton.hidden = true;
  alternatives.show({});
}
