// A model that `charseq export` wrote, answering in the browser:
//
//   import { load } from "./charseq.js";
//   const model = await load("model.onnx");
//   const { hypothesis } = await model.translate("café", { beam: 5 });

import { confidence } from "./confidence.js";
import { descriptionOf } from "./description.js";
import { END } from "./symbols.js";
import { describeUnseen, unseen } from "./unseen.js";
import * as ort from "./vendor/onnxruntime-web/ort.wasm.bundle.min.js";

const WASM = new URL("vendor/onnxruntime-web/ort-wasm-simd-threaded.wasm", import.meta.url);
const LONGEST_SOURCE = 10_000;
const WIDEST_BEAM = 1_000;
// The most characters of a text, counted for each hypothesis of a beam.
const MOST_IN_A_BEAM = 2 ** 18;
// The most places of a source times those of its answer that are explained, with attention; where
// it is additive, each has as many numbers as the model has units.
const MOST_WEIGHTS = 4_000_000;
const MOST_ADDED = 2 ** 28;
const LONGEST_EXPLAINED = 100_000;
// With this flag, the two halves of one character do not match.
const HALF = /\p{Surrogate}/u;
const RUNNERS_UP = 5;
const NEVER_COPIED = -1;

/**
 * Load a model.
 *
 * @param {string | URL} url of the `.onnx` file
 * @returns {Promise<Model>}
 */
export async function load(url) {
  const [content] = await Promise.all([fetched(url), prepared()]);
  const description = descriptionOf(content);
  return new Model(await ort.InferenceSession.create(content), description);
}

/** A model, ready to translate; `description` says all that is known of it. */
class Model {
  constructor(session, description) {
    this.session = session;
    this.description = description;
  }

  /**
   * Translate a text.
   *
   * The answer has the fields of a line of `charseq translate --json`; with `explain`, also an
   * `explanation`: all symbols that were read, and each one written with what else was probable;
   * a very long text, with a very long answer, has none.
   * A text that is refused has an `error`, and an empty hypothesis.
   *
   * @param {string} text
   * @param {object} [options]
   * @param {number} [options.beam] how many hypotheses are kept at each step; 1 is greedy search
   * @param {number} [options.nBest] how many answers to give, at most as many as the beam
   * @param {number} [options.lengthPenalty] how much a beam favours long answers
   * @param {string} [options.prefix] what the answer must begin with
   * @param {string | string[]} [options.features] as the corpus writes them, or one by one
   * @param {string} [options.language] which of the model's languages the text is in
   * @param {boolean} [options.explain] whether to explain the best answer
   * @throws {Error} if an option is unknown, or not one that this model can follow
   */
  async translate(
    text,
    {
      beam = 1,
      nBest = 1,
      lengthPenalty = 0.6,
      prefix = "",
      features,
      language,
      explain = false,
      ...others
    } = {},
  ) {
    if (typeof text !== "string") throw new Error(`the text must be a string, not ${text}`);
    refuseOptions({ beam, nBest, lengthPenalty, others });
    const input = this.#inputOf(text, features, language);
    const strange = unseen(this.description, input);
    const begun = prefix ?? "";
    const error = refusal(text, beam) ?? this.#refusedPrefix(input, begun);
    const told = {
      source: text,
      ...telling({
        unknown_symbols: strange.symbols,
        unknown_features: strange.features,
        features: input.features,
        language: input.language,
      }),
    };
    if (error) return { ...told, hypothesis: "", log_probability: 0, cut: false, error };
    const decoding = { beam, n_best: nBest, length_penalty: lengthPenalty };
    // If the longest answer that there may be is too long to explain, the answer is found first.
    const small = this.#explainable(text, this.#limit(input, begun));
    const asked = { ...decoding, explain: explain && small };
    let { hypotheses, explanation } = await this.#answers(input, begun, asked);
    if (!hypotheses.length) {
      const none = "the model finds no possible answer";
      return { ...told, hypothesis: "", log_probability: 0, cut: false, error: none };
    }
    const spelt = distinct(hypotheses.map((each) => this.#spelt(input, each, lengthPenalty)));
    const { score: _, ...best } = spelt[0];
    if (explain && !this.#explainable(text, [...best.hypothesis].length)) {
      explanation = null;
    } else if (explain && !small) {
      ({ explanation } = await this.#answers(input, begun, { ...decoding, explain }));
    }
    return {
      ...told,
      ...best,
      ...(nBest > 1 && { alternatives: spelt }),
      ...(explanation && { explanation }),
    };
  }

  #inputOf(text, features, language) {
    const { languages, features: known } = this.description.sources;
    for (const [what, name, given, has] of [
      ["features", "features", features, known],
      ["a language", "language", language, languages],
    ]) {
      if (has.size && given == null) {
        const [example] = has.keys();
        throw new Error(`this model needs ${what} for each text, such as '${example}': set ${name}`);
      }
      if (!has.size && given != null) {
        throw new Error(`this model does not take ${what}: omit ${name}`);
      }
    }
    const { sources, featuresSeparator } = this.description;
    const several = typeof features === "string" ? [features].filter(Boolean) : (features ?? []);
    return {
      symbols: sources.spelling.symbols(text),
      features: several.flatMap((each) => each.split(featuresSeparator)),
      language: language ?? "",
    };
  }

  #refusedPrefix(input, prefix) {
    const copied = this.session.inputNames.includes("copies") ? input.symbols : [];
    const strange = this.description.targets
      .unknownSymbols(prefix)
      .filter((symbol) => !copied.includes(symbol));
    return strange.length ? `the model cannot write its prefix: ${describeUnseen(strange)}` : null;
  }

  async #answers(input, prefix, decoding) {
    // A text without symbols is answered with nothing, and nothing is read for it.
    if (!input.symbols.length) {
      const end = { symbol: END, end: true, log_probability: 0, runners_up: [], weights: [] };
      const explanation = decoding.explain ? { source_symbols: [], conditions: 0, symbols: [end] } : null;
      return { hypotheses: [{ ids: [], log_probability: 0, cut: false }], explanation };
    }
    const read = this.#encoded(input);
    const begun = this.description.targets.spelling
      .symbols(prefix)
      .map((symbol) => this.#columnOf(symbol, input, read.conditions));
    const limit = this.#limit(input, prefix);
    const given = {
      sources: integers(read.ids, [1, read.ids.length]),
      source_lengths: integers([read.ids.length], [1]),
      conditions: integers([read.conditions.length], [1]),
      copies: integers(read.copies, [1, read.copies.length]),
      prefixes: integers(begun, [1, begun.length]),
      limits: integers([limit], [1]),
      beam: integers([decoding.beam], []),
      n_best: integers([decoding.n_best], []),
      length_penalty: new ort.Tensor("float32", [decoding.length_penalty], []),
      explain: new ort.Tensor("bool", [decoding.explain], []),
    };
    const fed = Object.fromEntries(this.session.inputNames.map((name) => [name, given[name]]));
    const found = await this.session.run(fed);
    const hypotheses = hypothesesOf(found, limit);
    const explanation =
      decoding.explain && hypotheses.length ? this.#explained(found, hypotheses[0], input, read) : null;
    for (const tensor of [...Object.values(fed), ...Object.values(found)]) tensor.dispose();
    return { hypotheses, explanation };
  }

  /** Return the most symbols that an answer may have. */
  #limit(input, prefix) {
    const { targets, padding } = this.description;
    const read = Math.max(input.symbols.length, padding.width);
    return Math.max(this.description.limitOf(read), targets.spelling.symbols(prefix).length + 1);
  }

  /** Return whether an answer of so many symbols, or characters, can be explained. */
  #explainable(text, written) {
    const { attention, units } = this.description.told.config;
    const read = [...text].length;
    if (Math.max(read, written) > LONGEST_EXPLAINED) return false;
    if (attention === "none") return true;
    const most = attention === "additive" ? Math.min(MOST_WEIGHTS, Math.floor(MOST_ADDED / units)) : MOST_WEIGHTS;
    return read * written <= most;
  }

  /** Return the ids that the encoder reads, and where each symbol is copied to. */
  #encoded(input) {
    const { sources, padding } = this.description;
    const conditions = sources.conditionIds(input);
    const ids = input.symbols.map((symbol) => sources.idOf(symbol));
    const missing = Math.max(padding.width - ids.length, 0);
    ids.push(...Array(missing).fill(sources.idOf(padding.symbol)));
    const copies = input.symbols.map((symbol) => this.#columnOf(symbol, input, conditions));
    return {
      ids: [...conditions, ...ids],
      conditions,
      copies: [...conditions.map(() => NEVER_COPIED), ...copies],
    };
  }

  /** Return where a symbol is written: one outside the targets' vocabulary, where it first stands. */
  #columnOf(symbol, input, conditions) {
    const { targets } = this.description;
    const id = targets.idOf(symbol);
    // What a target would not read as the same single symbol stays unknown.
    const own = targets.spelling.symbols(symbol);
    const changed = (own.length !== 1 || own[0] !== symbol) && id < targets.size;
    if (targets.has(symbol) || changed) return id;
    return targets.size + conditions.length + input.symbols.indexOf(symbol);
  }

  #spelt(input, { ids, log_probability, cut }, lengthPenalty) {
    const { sources, targets, calibration } = this.description;
    const copied = [...sources.conditionIds(input).map(() => ""), ...input.symbols];
    const steps = ids.length + (cut ? 0 : 1);
    const score = log_probability / ((5 + steps) / 6) ** lengthPenalty;
    const sure = calibration && confidence(calibration, cut ? -Infinity : log_probability, steps);
    return {
      hypothesis: targets.text(ids, copied),
      log_probability,
      score,
      cut,
      ...(calibration && { confidence: sure }),
    };
  }

  #explained(found, { ids, cut }, input, read) {
    const { sources, targets, padding } = this.description;
    const nameOf = (column) => {
      if (column === targets.end) return END;
      if (column < targets.size) return targets.written(column);
      const place = read.copies.indexOf(column);
      return place < 0 ? "" : input.symbols[place - read.conditions.length];
    };
    const [, , some] = found.best_symbols.dims;
    const [, , width] = found.alignments.dims;
    const symbols = [...ids, ...(cut ? [] : [targets.end])].map((column, place) => {
      const symbol = nameOf(column);
      const runnersUp = [];
      for (let at = place * some; at < (place + 1) * some; at++) {
        const other = nameOf(Number(found.best_symbols.data[at]));
        const gain = found.best_log_probabilities.data[at];
        if (other && other !== symbol) runnersUp.push([other, finite(gain)]);
      }
      return {
        symbol,
        end: column === targets.end,
        log_probability: finite(found.explained_log_probabilities.data[place]),
        runners_up: runnersUp.slice(0, RUNNERS_UP),
        weights: [...found.alignments.data.slice(place * width, (place + 1) * width)],
        ...(found.copying.data.length && { copying: found.copying.data[place] }),
      };
    });
    const missing = Math.max(padding.width - input.symbols.length, 0);
    const names = sources.conditionNames(input);
    return {
      source_symbols: [...names, ...input.symbols, ...Array(missing).fill(padding.symbol)],
      conditions: names.length,
      symbols,
    };
  }
}

function hypothesesOf(found, limit) {
  const [, count, places] = found.ids.dims;
  const hypotheses = Array.from({ length: count }, (_, rank) => {
    const length = Number(found.lengths.data[rank]);
    const ids = [...found.ids.data.slice(rank * places, rank * places + length)].map(Number);
    return { ids, log_probability: found.log_probabilities.data[rank], cut: length === limit };
  });
  return hypotheses.filter((each) => each.log_probability > -Infinity);
}

function refuseOptions({ beam, nBest, lengthPenalty, others }) {
  const [strange] = Object.keys(others);
  if (strange !== undefined) throw new Error(`there is no option ${strange}`);
  if (!(Number.isInteger(beam) && beam >= 1 && beam <= WIDEST_BEAM)) {
    throw new Error(`beam must be a whole number from 1 to ${WIDEST_BEAM}, not ${beam}`);
  }
  if (!(Number.isInteger(nBest) && nBest >= 1 && nBest <= beam)) {
    throw new Error(`nBest must be a whole number from 1 to the beam, ${beam}, not ${nBest}`);
  }
  if (!(lengthPenalty >= 0 && lengthPenalty <= 10)) {
    throw new Error(`lengthPenalty must be a number from 0 to 10, not ${lengthPenalty}`);
  }
}

function refusal(text, beam) {
  const [length, most] = [[...text].length, Math.floor(MOST_IN_A_BEAM / beam)];
  if (most < LONGEST_SOURCE && length > most) {
    return `longer than ${numeral(most)} characters, the most with a beam of ${numeral(beam)}`;
  }
  if (length > LONGEST_SOURCE) return `longer than ${numeral(LONGEST_SOURCE)} characters`;
  return HALF.test(text) ? "contains half a character, a lone surrogate" : null;
}

/** Leave out answers that are spelt like better ones, such as by the same marks in another order. */
function distinct(answers) {
  const first = new Map(answers.map((each) => [each.hypothesis, each]).reverse());
  return answers.filter((each) => first.get(each.hypothesis) === each);
}

/** Leave out what says nothing. */
function telling(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value.length));
}

function numeral(number) {
  return number.toLocaleString("en");
}

/** JSON knows no infinity. */
function finite(logProbability) {
  return Number.isFinite(logProbability) ? logProbability : null;
}

function integers(values, dims) {
  return new ort.Tensor("int64", BigInt64Array.from(values, BigInt), dims);
}

let preparation;

/** Give ONNX Runtime its program, once: one thread, so that no server must send special headers. */
function prepared() {
  preparation ??= fetched(WASM).then(
    (program) => {
      ort.env.wasm.numThreads = 1;
      ort.env.wasm.wasmBinary = program;
    },
    (error) => {
      preparation = undefined;
      throw error;
    },
  );
  return preparation;
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`cannot load ${url}: the server answered with status ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
