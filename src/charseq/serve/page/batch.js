// A file of lines, as requests and as the file that comes back.

import { counted } from "./symbols.js";

const encoder = new TextEncoder();

/**
 * Return a file's lines; a line feed ends each, and a carriage return before it is dropped.
 *
 * @param {ArrayBuffer} bytes
 * @throws {TypeError} if they are not UTF-8
 */
export function linesOf(bytes) {
  const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.replace(/\r$/, ""));
}

/**
 * Return what one request asks for some lines: a source each, then in further columns the features
 * and the language, whichever the model reads.
 *
 * A column that a line lacks takes the default's value. If it reads neither, a line is a source as
 * it is.
 *
 * @param {string[]} lines
 * @param {{features?: string, language?: string}} defaults only what the model reads
 */
export function requestOf(lines, defaults) {
  const names = columnsAfter(defaults);
  const rows = lines.map((line) => (names.length ? line.split("\t") : [line]));
  const request = { texts: rows.map(([source]) => source) };
  names.forEach((name, place) => {
    request[name] = rows.map((row) => row[place + 1] ?? defaults[name]);
  });
  return request;
}

/** Return why a line is refused, if it has more columns than the model reads. */
export function surplusIn(line, defaults) {
  const names = columnsAfter(defaults);
  const count = line.split("\t").length;
  if (!names.length || count <= names.length + 1) return null;
  const read = ["source", ...names].join(", ");
  return `${count} columns, but the model reads ${names.length + 1}: ${read}, separated by tabs`;
}

function columnsAfter(defaults) {
  return ["features", "language"].filter((name) => defaults[name] !== undefined);
}

/**
 * Yield lines, some at a time.
 *
 * @param {string[]} lines
 * @param {number} most of them in one request
 * @param {{max_texts: number, max_body_bytes: number}} limits of the service
 */
export function* portions(lines, most, { max_texts: texts, max_body_bytes: bytes }) {
  const size = Math.min(most, texts);
  let portion = [];
  let room = bytes / 2; // The other half is for what a request says of each line.
  for (const line of lines) {
    const taken = encoder.encode(JSON.stringify(line)).length;
    if (portion.length === size || (portion.length && taken > room)) {
      yield portion;
      portion = [];
      room = bytes / 2;
    }
    portion.push(line);
    room -= taken;
  }
  if (portion.length) yield portion;
}

/**
 * Return a TSV file's text of translations: a source and a hypothesis in each line. A tab in one of
 * them becomes a space.
 */
export function tableOf(translations) {
  return translations
    .map(({ source, hypothesis }) => [source, hypothesis].map((text) => text.replaceAll("\t", " ")))
    .map((row) => `${row.join("\t")}\n`)
    .join("");
}

/**
 * Return a sentence on how far a batch has come, how fast it goes, and how long it will take.
 *
 * @param {number} done
 * @param {number} all
 * @param {number} seconds since it was begun or went on
 * @param {number} [before] what was done by then
 */
export function progressOf(done, all, seconds, before = 0) {
  const said = [`${counted(done)} of ${counted(all)} lines`];
  if (done > before && seconds > 0) {
    const rate = (done - before) / seconds;
    said.push(`${counted(Math.max(1, rate))} a second`);
    if (done < all) said.push(`${duration((all - done) / rate)} left`);
  }
  return said.join(" · ");
}

/** Return a duration in words that are short. */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
