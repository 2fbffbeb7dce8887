// Symbols, probabilities and numbers as a person reads them.

const NARROW = "\u202f"; // A narrow space that does not break, between a number and its unit.

// Controls, formats, separators and surrogates have no shape of their own; but joiners and tags that
// stand within a grapheme cluster give it its shape.
const SHAPELESS =
  /(?!(?<=.)[\u200c\u200d](?=.)|(?<=.)[\u{e0020}-\u{e007f}])[\p{C}\p{Z}]/gsu;

/** Return a symbol fit to stand by itself: what would not show is made to. */
export function symbolLabel(symbol) {
  if (symbol === " ") return "␣";
  if (/^\p{M}/u.test(symbol)) return `◌${symbol}`;
  return symbol.replace(SHAPELESS, (one) => codePoint(one));
}

/** Return what a screen reader is to say for a symbol. */
export function symbolName(symbol) {
  if (symbol === " ") return "space";
  return symbolLabel(symbol);
}

/** Return a text within a sentence, whose direction of writing the sentence's does not disturb. */
export function isolated(text) {
  return `\u2068${text}\u2069`;
}

/** Return a character's number, such as `U+00A0`. */
export function codePoint(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Return a probability in per cent; none but 1 reads as certain, and none but 0 as impossible. */
export function percent(probability) {
  const hundredths = probability * 100;
  if (probability > 0 && hundredths < 0.1) return `<${NARROW}0.1${NARROW}%`;
  if (probability < 1 && hundredths > 99.9) return `>${NARROW}99.9${NARROW}%`;
  // Near both ends, a tenth says something.
  const fine = (hundredths > 0 && hundredths < 10) || (hundredths > 99 && hundredths < 100);
  return `${hundredths.toFixed(fine ? 1 : 0)}${NARROW}%`;
}

/** Return the probability that a logarithm stands for; JSON has no infinity, and says null. */
export function probabilityOf(logarithm) {
  return logarithm === null ? 0 : Math.min(1, Math.exp(logarithm));
}

/** Return a number with its thousands set apart. */
export function counted(number) {
  return Math.round(number).toLocaleString("en-GB");
}

/**
 * Return all that a model could have written at one place, most probable first.
 *
 * @param {object} written a symbol of an explanation, with `runners_up`
 * @returns {{symbol: string, probability: number, chosen: boolean}[]}
 */
export function choices(written) {
  const chosen = {
    symbol: written.end ? END : written.symbol,
    probability: probabilityOf(written.log_probability),
    chosen: true,
  };
  const others = written.runners_up.map(([symbol, logarithm]) => ({
    symbol,
    probability: probabilityOf(logarithm),
    chosen: false,
  }));
  return [chosen, ...others].sort((a, b) => b.probability - a.probability);
}

/** Where a model looked most: the source symbol's place and its weight, or null. */
export function focus(weights) {
  if (!weights.length) return null;
  const weight = Math.max(...weights);
  return { place: weights.indexOf(weight), weight };
}

/** Return the place of the symbol that the model was least sure of; the first one among equals. */
export function leastSure(symbols) {
  const probabilities = symbols.map((each) => each.log_probability ?? -Infinity);
  return probabilities.indexOf(Math.min(...probabilities));
}

/** The label of the end of an answer. */
export const END = "(end)";
