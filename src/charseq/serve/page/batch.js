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
 * A column that a line lacks takes the default's value.
 *
 * @param {string[]} lines
 * @param {{features?: string, language?: string}} defaults only what the model reads
 */
export function requestOf(lines, defaults) {
  const names = ["features", "language"].filter((name) => defaults[name] !== undefined);
  const rows = lines.map((line) => line.split("\t"));
  const request = { texts: rows.map(([source]) => source) };
  names.forEach((name, place) => {
    request[name] = rows.map((row) => row[place + 1] ?? defaults[name]);
  });
  return request;
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

/** Return a TSV file's text of translations: a source and a hypothesis in each line. */
export function tableOf(translations) {
  return translations.map(({ source, hypothesis }) => `${source}\t${hypothesis}\n`).join("");
}

/** Return a sentence on how far a batch has come, how fast it goes, and how long it will take. */
export function progressOf(done, all, seconds) {
  const said = [`${counted(done)} of ${counted(all)} lines`];
  if (done && seconds > 0) {
    const rate = done / seconds;
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
