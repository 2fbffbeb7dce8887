// What is known of the chosen model, in a dialog.

import { byId, element } from "./dom.js";
import { rendered } from "./markdown.js";
import { chosenModel } from "./settings.js";
import { counted, percent } from "./symbols.js";

const dialog = byId("card");

/** Let the button open the dialog. */
export function makeCard() {
  byId("about").addEventListener("click", () => {
    fill(chosenModel());
    dialog.showModal();
  });
}

function fill(model) {
  byId("card-title").textContent = model.name;
  byId("facts").replaceChildren(
    ...factsOf(model).flatMap(([name, value]) => [
      element("dt", {}, name),
      element("dd", { dir: "auto" }, value),
    ]),
  );
  byId("card-text").replaceChildren(...rendered(model.card));
  byId("card-text").hidden = !model.card;
}

/** Return what is told of a model, as names and values: the most telling of what the card says. */
export function factsOf({ runtime, attention, copying, languages, features, corpus, scores }) {
  const facts = [
    ["Corpus", corpus.name],
    ["Attribution", corpus.attribution],
    ["Training pairs", told(corpus.training_pairs, counted)],
    ["Held-out exact match", told(scores.exact_match, percent)],
    ["Character error rate", told(scores.character_error_rate, (rate) => rate.toFixed(3))],
    ["Calibration error", told(scores.expected_calibration_error, (error) => error.toFixed(3))],
    ["Languages", languages.join(", ")],
    ["Features", features.join(", ")],
    ["Has", [attention && "attention", copying && "copying"].filter(Boolean).join(", ")],
    ["Runs on", runtime],
  ];
  return facts.filter(([, value]) => value);
}

function told(number, shown) {
  return number === undefined ? "" : shown(number);
}
