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
  const sure = alternatives.some(({ confidence }) => confidence !== undefined);
  byId("alternatives-hint").textContent = sure
    ? "How probable the model finds each, and how sure it may be that this one is right."
    : "How probable the model finds each.";
}

function item({ hypothesis, log_probability: logarithm, cut, confidence }) {
  const probability = probabilityOf(logarithm);
  const numbers = element("span", { className: "number" }, percent(probability));
  const words = element("bdi", { className: "alternative" }, hypothesis || "(nothing)");
  const made = element("li", {}, words, bar(probability), numbers);
  const more = [];
  if (confidence !== undefined) more.push(`${percent(confidence)} sure`);
  if (cut) more.push("cut");
  if (more.length) made.append(element("span", { className: "hint" }, more.join(", ")));
  return made;
}
