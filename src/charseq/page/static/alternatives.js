// The n best answers, with how probable the model finds each.

import { bar, byId, element } from "./dom.js";
import { percent, probabilityOf } from "./symbols.js";

const list = byId("alternatives");

/** Show that other answers are on their way. */
export function fade() {
  list.classList.add("stale");
}

/** Show a translation's alternatives. */
export function show({ alternatives = [] }) {
  list.classList.remove("stale");
  list.replaceChildren(...alternatives.map(item));
  byId("alternatives-hint").textContent = hintFor(alternatives);
}

function hintFor(alternatives) {
  if (!alternatives.length) return "";
  const sure = alternatives.some(({ confidence }) => confidence !== undefined);
  return sure ? "How likely each answer is to be right." : "How probable each answer is to the model.";
}

/** Return an answer with its confidence, where the model has one, and its probability. */
function item({ hypothesis, log_probability: logarithm, cut, confidence }) {
  const probability = probabilityOf(logarithm);
  const said = [];
  if (confidence !== undefined) said.push(`probability ${percent(probability)}`);
  if (cut) said.push("cut");
  return element(
    "li",
    {},
    element("bdi", { className: "alternative" }, hypothesis || "(nothing)"),
    bar(confidence ?? probability),
    element("span", { className: "number" }, percent(confidence ?? probability)),
    element("span", { className: "hint" }, said.join(", ")),
  );
}
