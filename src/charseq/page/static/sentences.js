// What is said about an answer, in sentences.

import { codePoint, isolated, percent, symbolLabel } from "./symbols.js";

/** Return the sentences about one translation: why there is no answer, or how to take it. */
export function remarks(translation) {
  if (translation.error) return [`There is no answer: ${ended(translation.error)}`];
  const said = [];
  if (translation.abstained) {
    const sure = percent(translation.confidence);
    said.push(
      `The model withholds its answer, because it is only ${sure} sure. The answer would be: ` +
        (translation.withheld ? isolated(translation.withheld) : "nothing."),
    );
  }
  if (translation.cut) {
    said.push("The answer was cut off at the length limit.");
  }
  const unknown = (translation.unknown_symbols ?? []).map((symbol) =>
    [...symbol].length === 1
      ? `${isolated(symbolLabel(symbol))} (${codePoint(symbol)})`
      : isolated(symbolLabel(symbol)),
  );
  const features = translation.unknown_features ?? [];
  // Quoted, where they would not be visible otherwise.
  const shown = features.map((each) => (each && each === each.trim() ? each : `'${each}'`));
  unknown.push(...shown.map(isolated));
  if (unknown.length) {
    said.push(
      `The model has never seen ${enumerated(unknown)}, so that part is a guess.`,
    );
  }
  return said;
}

/** Return words as a sentence lists them: "a, b and c". */
export function enumerated(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Return a message as a sentence: it begins with a capital, and ends with a full stop. */
export function sentence(text) {
  return ended(text.charAt(0).toUpperCase() + text.slice(1));
}

function ended(text) {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
