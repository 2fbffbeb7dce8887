// What an exported model says of itself: JSON in the metadata of its ONNX file.

import { Spelling, normalised } from "./spelling.js";
import { Vocabulary } from "./vocabulary.js";

const NEWEST_FORMAT = 2;
const KEY = "charseq";
// Field numbers of ONNX's own definition of its files, `onnx.proto`.
const METADATA = 14;
const NAME = 1;
const VALUE = 2;
// How Protocol Buffers lay values out.
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/**
 * Return a model's description: its vocabularies, and all else that answering takes.
 *
 * @param {Uint8Array} content of an ONNX file
 * @throws {Error} if it is not one that charseq exported
 */
export function descriptionOf(content) {
  const told = JSON.parse(metadataOf(content));
  if (told.format_version > NEWEST_FORMAT) {
    throw new Error(`the model has format ${told.format_version}, which is newer than this page`);
  }
  const { config, output_limit: limit } = told;
  const form = config.normalise;
  const spelling = (separator) => ({
    separator: separator === null ? null : normalised(separator, form),
    graphemes: config.symbols === "graphemes",
    form,
  });
  return {
    told,
    sources: new Vocabulary(
      told.source_vocabulary,
      new Spelling({ ...spelling(config.source_separator), written: "none" }),
    ),
    targets: new Vocabulary(
      told.target_vocabulary,
      new Spelling({ ...spelling(config.target_separator), written: told.answer_form }),
    ),
    featuresSeparator: told.columns.features_separator ?? ";",
    padding: { width: config.pad_source_to ?? 0, symbol: config.pad_character },
    calibration: told.calibration,
    limitOf: (length) => Math.max(1, limit.constant + Math.ceil(limit.per_symbol * length)),
  };
}

function metadataOf(content) {
  const decoder = new TextDecoder();
  for (const [field, entry] of fieldsOf(content)) {
    if (field !== METADATA) continue;
    const texts = new Map([...fieldsOf(entry)].map(([part, text]) => [part, decoder.decode(text)]));
    if (texts.get(NAME) === KEY) return texts.get(VALUE);
  }
  throw new Error("this is not a model that charseq exported");
}

/** Yield the number and the bytes of each field of a message; numbers are passed over. */
function* fieldsOf(message) {
  let place = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; place < message.length; factor *= 128) {
      const byte = message[place++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new Error("the model file is truncated");
  };
  while (place < message.length) {
    const key = varint();
    const layout = key % 8;
    if (layout === VARINT) {
      varint();
      continue;
    }
    const size = { [BYTES]: varint, [FIXED_64]: () => 8, [FIXED_32]: () => 4 }[layout]?.();
    if (!(size <= message.length - place)) throw new Error("the model file is damaged");
    yield [Math.floor(key / 8), message.subarray(place, place + size)];
    place += size;
  }
}
