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
    .map((symbol) => ([...symbol].length === 1 ? `${symbol} (${codePoint(symbol)})` : symbol))
    .join(" ");
}

/** Compare texts by their code points, and not by their halves in UTF-16. */
export function byCodePoints(one, other) {
  const [first, second] = [one, other].map((text) => [...text].map((each) => each.codePointAt(0)));
  const place = first.findIndex((point, at) => point !== second[at]);
  return place < 0 ? first.length - second.length : first[place] - (second[place] ?? -1);
}
