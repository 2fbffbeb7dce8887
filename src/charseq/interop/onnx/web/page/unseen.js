// What a model never saw.

import { codePoint } from "./symbols.js";

/** Return the symbols, and the features and languages, of an input that a model never saw. */
export function unseen({ sources }, { symbols, features, language }) {
  const lacking = (names, known) =>
    [...new Set(names)].filter((name) => !known.has(name)).sort(byCodePoints);
  const languages = [language].filter(Boolean);
  return {
    symbols: sources.unknownAmong(symbols),
    features: [...lacking(languages, sources.languages), ...lacking(features, sources.features)],
  };
}

/** Return symbols as a sentence names them, with the numbers of characters. */
export function describeUnseen(symbols) {
  return symbols
    .map((symbol) => visible(symbol) + ([...symbol].length === 1 ? ` (${codePoint(symbol)})` : ""))
    .join(" ");
}

const HIDDEN = /(?! )[\p{C}\p{Z}]/u;
const SHORT = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };
const LONGEST = 80;

/** Return a text fit for a message, as Python's `visible` does: escaped where it would not show. */
function visible(text) {
  const characters = [...text];
  const joined = (each) => each !== undefined && !HIDDEN.test(each) && each > "\x7f";
  const shown = characters.map((each, at) => {
    const joins = /[\u200c\u200d]/.test(each) && [-1, 1].every((by) => joined(characters[at + by]));
    return HIDDEN.test(each) && !joins ? escaped(each) : each;
  });
  const cut = [...shown.join("")].slice(0, LONGEST - 1).join("");
  return shown.length > LONGEST ? `${cut}…` : shown.join("");
}

function escaped(character) {
  const code = character.codePointAt(0);
  const [letter, digits] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return SHORT[character] ?? `\\${letter}${code.toString(16).padStart(digits, "0")}`;
}

/** Compare texts by their code points, and not by their halves in UTF-16. */
export function byCodePoints(one, other) {
  const [first, second] = [one, other].map((text) => [...text].map((each) => each.codePointAt(0)));
  const place = first.findIndex((point, at) => point !== second[at]);
  return place < 0 ? first.length - second.length : first[place] - (second[place] ?? -1);
}
