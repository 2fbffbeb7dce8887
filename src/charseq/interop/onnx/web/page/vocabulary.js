// Symbols to ids and back.

import { byCodePoints } from "./unseen.js";

/** The symbols of one side, in the order of their ids; special ones are spelt by no text. */
export class Vocabulary {
  #symbols;
  #special;
  #ids;
  #unknown;
  #unknownCondition;

  /**
   * @param {object} kept what a model file keeps of it
   * @param {import("./spelling.js").Spelling} spelling
   */
  constructor(kept, spelling) {
    const named = (ids = []) => new Map(ids.map((id) => [kept.symbols[id], id]));
    this.spelling = spelling;
    this.size = kept.symbols.length;
    this.end = kept.end;
    this.languages = named(kept.languages);
    this.features = named(kept.features);
    const { start, end, unknown, unknown_condition: condition } = kept;
    this.#symbols = kept.symbols;
    this.#unknown = unknown ?? this.size;
    this.#unknownCondition = condition ?? null;
    this.#special = new Set([
      start,
      end,
      unknown,
      condition,
      ...this.languages.values(),
      ...this.features.values(),
    ]);
    this.#ids = new Map(
      kept.symbols.map((symbol, id) => [symbol, id]).filter(([, id]) => !this.#special.has(id)),
    );
  }

  /** Return whether a text's symbol is known. */
  has(symbol) {
    return this.#ids.has(symbol);
  }

  /** Return the id of a text's symbol. */
  idOf(symbol) {
    return this.#ids.get(symbol) ?? this.#unknown;
  }

  /** Return the symbols of a text that are unknown, each once, in the order of code points. */
  unknownSymbols(text) {
    return this.unknownAmong(this.spelling.symbols(text));
  }

  /** Return those of some symbols that are unknown, likewise. */
  unknownAmong(symbols) {
    return [...new Set(symbols)].filter((symbol) => !this.has(symbol)).sort(byCodePoints);
  }

  /** Return the names of what precedes a source: its language, then its features. */
  conditionNames({ language, features }) {
    if (this.#unknownCondition === null) return [];
    return language ? [language, ...features] : features;
  }

  /** Return the ids of what precedes a source. */
  conditionIds({ language, features }) {
    if (this.#unknownCondition === null) return [];
    const known = (names, name) => names.get(name) ?? this.#unknownCondition;
    const ids = features.map((name) => known(this.features, name));
    return language ? [known(this.languages, language), ...ids] : ids;
  }

  /** Return what an id writes; special symbols write nothing. */
  written(id) {
    return this.#special.has(id) ? "" : this.#symbols[id];
  }

  /** Return the text that ids spell; those beyond the vocabulary stand for what is copied. */
  text(ids, copied) {
    const symbols = ids.map((id) => (id < this.size ? this.written(id) : copied[id - this.size]));
    return this.spelling.text(symbols.filter(Boolean));
  }
}
