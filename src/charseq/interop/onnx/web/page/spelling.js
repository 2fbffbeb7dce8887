// How texts are cut into symbols, and joined again.

const clusters = new Intl.Segmenter("en", { granularity: "grapheme" });
// Whatever may stand between the consonants of an Indic conjunct.
const MARK = /^[\p{M}\p{Emoji_Modifier}\u200c\u200d]$/u;
const CONSONANT = "\u0915";

/** Return a text in a normal form: `none`, `nfc`, `nfd`, or `jamo`, NFC with Hangul taken apart. */
export function normalised(text, form) {
  if (form === "none") return text;
  if (form === "nfd") return text.normalize("NFD");
  const composed = text.normalize("NFC");
  if (form !== "jamo") return composed;
  return composed.replace(/[\uac00-\ud7a3]+/g, (syllables) => syllables.normalize("NFD"));
}

/** How the texts of one side are spelt in symbols. */
export class Spelling {
  /**
   * @param {object} how
   * @param {string | null} how.separator what stands between two symbols
   * @param {boolean} how.graphemes whether, without a separator, symbols are grapheme clusters
   * @param {string} how.form the normal form that texts are read in
   * @param {string} how.written the one that answers are written in
   */
  constructor(how) {
    this.how = how;
  }

  /** Return the symbols of a text. */
  symbols(text) {
    const { separator, graphemes, form } = this.how;
    const read = normalised(text, form);
    if (separator !== null) return read.split(separator).filter(Boolean);
    return graphemes ? graphemesOf(read) : [...read];
  }

  /** Return the text that symbols spell. */
  text(symbols) {
    return normalised(symbols.join(this.how.separator ?? ""), this.how.written);
  }
}

/**
 * Return a text's grapheme clusters, as the Python package `regex` finds them.
 *
 * That joins a consonant to a virama before it whatever stands before the virama; by UAX #29, and
 * so in browsers, it must be another consonant.
 */
function graphemesOf(text) {
  const found = [];
  for (const { segment } of clusters.segment(text)) {
    if (found.length && isLinked(found.at(-1), segment)) found[found.length - 1] += segment;
    else found.push(segment);
  }
  return found;
}

/** Would these two be one cluster if a consonant stood before the first one's last marks? */
function isLinked(first, second) {
  if (!/^\p{L}/u.test(second)) return false;
  let marks = "";
  for (const mark of [...first].reverse()) {
    if (!MARK.test(mark)) return false;
    marks = mark + marks;
    if ([...clusters.segment(CONSONANT + marks + second)].length === 1) return true;
  }
  return false;
}
