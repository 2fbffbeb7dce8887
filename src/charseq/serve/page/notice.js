// The one place where the page says what went wrong, and what can be done.

import { byId } from "./dom.js";
import { sentence } from "./sentences.js";
import { hasKey, keepKey } from "./service.js";
import { source } from "./source.js";

const board = byId("notice");
const words = byId("notice-words");
const againButton = byId("again");
const keyForm = byId("key-form");
const keyField = byId("key");

const PASSING = ["unreachable", "timeout", "internal"]; // What may be over when it is tried again.

let again = () => {};

againButton.addEventListener("click", () => again());
keyForm.addEventListener("submit", (event) => {
  event.preventDefault();
  keepKey(keyField.value.trim());
  keyField.value = "";
  again();
});

/** Tell of an error, and offer to do again what failed. */
export function tell(error, repeat) {
  again = repeat;
  const keyWanted = error.kind === "unauthorised";
  keyForm.hidden = !keyWanted;
  againButton.hidden = !PASSING.includes(error.kind);
  const first = keyWanted && !hasKey();
  show(first ? "This service asks for an API key." : sentence(error.message), "error");
  // Whoever is typing goes on: the notice is read aloud without being focused.
  if (keyWanted && document.activeElement !== source) keyField.focus();
}

/** Tell that the service is busy, and that this page will ask again. */
export function tellBusy(seconds) {
  keyForm.hidden = againButton.hidden = true;
  show(`The service is busy. Trying again in ${Math.ceil(seconds)} s …`, "busy");
}

/**
 * Take the notice away: what failed has succeeded, or is no longer wanted. Return whether it had
 * the focus, which goes to the source if that can be seen.
 */
export function clear() {
  const focused = board.contains(document.activeElement);
  board.hidden = true;
  if (focused) source.focus();
  return focused;
}

function show(text, kind) {
  words.textContent = text;
  board.dataset.kind = kind;
  board.hidden = false;
}
