// The tab for a file: its lines are translated some at a time, and come back as a file.

import { linesOf, portions, progressOf, requestOf, surplusIn, tableOf } from "./batch.js";
import { byId } from "./dom.js";
import * as notice from "./notice.js";
import { enumerated, sentence } from "./sentences.js";
import { translations } from "./service.js";
import { chosenModel, limits, settings } from "./settings.js";
import { counted } from "./symbols.js";

const PORTION = 200; // Lines in one request, or as many as the service takes.
const FEWER = ["too_large", "timeout"]; // What fewer lines in one request may escape.

const field = byId("file");
const drop = byId("drop");
const download = byId("batch-download");
const cancel = byId("batch-cancel");

let translating = new AbortController();

/** Let the tab take files. */
export function makeFileTab() {
  field.addEventListener("change", () => {
    if (field.files.length) take(field.files[0]);
    field.value = ""; // So that the same file can be chosen again.
  });
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
  // A file that misses the target would replace the page.
  for (const missed of ["dragover", "drop"]) {
    document.addEventListener(missed, (event) => event.preventDefault());
  }
  cancel.addEventListener("click", () => translating.abort());
}

/** Say which columns the chosen model reads. */
export function showColumns() {
  const { languages, features } = chosenModel();
  const told = ["the source"];
  if (features.length) told.push("its features");
  if (languages.length) told.push("its language");
  byId("file-hint").textContent =
    told.length === 1
      ? "UTF-8 text, one source per line."
      : `UTF-8 text; each line has ${enumerated(told)}, separated by tabs. ` +
        "A missing column takes the value above.";
}

async function take(file) {
  const { signal } = anew();
  begin(file.name);
  let bytes;
  let lines;
  let fault = "";
  try {
    bytes = await file.arrayBuffer();
    lines = linesOf(bytes);
  } catch {
    fault = bytes
      ? `${file.name} is not UTF-8 text: save it as UTF-8 and choose it again.`
      : `${file.name} cannot be read: it is a folder, too large, or was changed.`;
  }
  if (signal !== translating.signal) return; // Another file has taken its place.
  if (signal.aborted) end([], "Cancelled.");
  else if (fault) end([], fault);
  else if (lines.length) await translate(jobOf(lines, file.name));
  else end([], `${file.name} is empty.`);
}

/** Return what is to be done as the settings say now, however often it is tried. */
function jobOf(lines, name) {
  const { features, language, ...asked } = settings();
  const result = `${name.replace(/\.[^.]*$/, "")}-${chosenModel().name}.tsv`;
  return { lines, name, asked, conditions: { features, language }, result, done: [] };
}

/** Translate what is not done yet. */
async function translate(job) {
  const { lines, asked, conditions, result, done } = job;
  const { signal } = anew();
  begin(job.name);
  const calling = { signal, waiting: notice.tellBusy };
  const translated = async (some) => {
    const faults = some.map((line) => surplusIn(line, conditions));
    const read = some.filter((_, place) => !faults[place]);
    const request = { ...asked, ...requestOf(read, conditions) };
    const found = read.length ? await translations(request, calling) : [];
    return some.map((line, place) =>
      faults[place] ? refused(line, conditions, faults[place]) : found.shift(),
    );
  };
  const began = performance.now();
  const before = done.length;
  const tell = () => {
    const seconds = (performance.now() - began) / 1000;
    byId("batch-progress").value = done.length / lines.length;
    byId("batch-words").textContent = progressOf(done.length, lines.length, seconds, before);
  };
  tell();
  try {
    for (const portion of portions(lines.slice(before), PORTION, limits())) {
      done.push(...(await inPieces(portion, translated, conditions)));
      notice.clear();
      tell();
    }
  } catch (error) {
    if (signal !== translating.signal) return; // Another file has taken its place.
    if (signal.aborted) notice.clear();
    else notice.tell(error, () => translate(job));
    const stopped = signal.aborted ? "Cancelled" : "Stopped";
    end(done, `${stopped} after ${counted(done.length)} of ${counted(lines.length)} lines.`, result);
    return;
  }
  end(done, finished(done), result);
}

/**
 * Return the translations of some lines, in as many requests as the service wants them in; a line
 * that is too large by itself is refused, and has none.
 */
async function inPieces(lines, translated, conditions) {
  try {
    return await translated(lines);
  } catch (error) {
    if (!FEWER.includes(error.kind)) throw error;
    if (lines.length === 1) {
      if (error.kind === "timeout") throw error;
      return [refused(lines[0], conditions, error.message)];
    }
    const half = Math.ceil(lines.length / 2);
    const first = await inPieces(lines.slice(0, half), translated, conditions);
    return [...first, ...(await inPieces(lines.slice(half), translated, conditions))];
  }
}

function refused(line, conditions, error) {
  const [source] = requestOf([line], conditions).texts;
  return { source, hypothesis: "", error };
}

/** Give up what is being translated, and return what stops the next. */
function anew() {
  translating.abort();
  translating = new AbortController();
  return translating;
}

function begin(name) {
  release();
  const focused = notice.clear();
  byId("batch-name").textContent = name;
  byId("batch-words").textContent = byId("batch-end").textContent = "";
  byId("batch-progress").value = 0;
  byId("batch").hidden = false;
  cancel.hidden = false;
  if (focused) cancel.focus();
}

/** Say how it ended, and give back what there is in a file of this name. */
function end(translations_, words, name = "") {
  const focused = document.activeElement === cancel;
  cancel.hidden = true;
  byId("batch-end").textContent = words;
  if (!translations_.length) {
    if (focused) field.focus();
    return;
  }
  const table = new Blob([tableOf(translations_)], { type: "text/tab-separated-values" });
  download.href = URL.createObjectURL(table);
  download.download = name;
  download.textContent = `Download ${download.download}`;
  download.hidden = false;
  if (focused) download.focus();
}

function release() {
  if (!download.hidden) URL.revokeObjectURL(download.href);
  download.hidden = true;
}

function finished(done) {
  const refused = done.filter(({ error }) => error);
  const withheld = done.filter(({ abstained }) => abstained).length;
  const lines = done.length === 1 ? "The line is" : `All ${counted(done.length)} lines are`;
  const said = [`${lines} done.`];
  if (refused.length) {
    const [first] = refused;
    const where = `line ${counted(done.indexOf(first) + 1)}: ${first.error}`;
    said.push(sentence(`refused, without an answer: ${counted(refused.length)}; the first is ${where}`));
  }
  if (withheld) {
    said.push(`Withheld, because the model was not sure enough: ${counted(withheld)}.`);
  }
  return said.join(" ");
}
