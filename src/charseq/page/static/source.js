// The field of the source: one line, as models read it.

import { byId } from "./dom.js";

export const source = byId("source");

/** Keep the field one line, whatever is pasted; to be called before anything else listens to it. */
export function keepOneLine() {
  source.addEventListener("input", () => {
    // Setting the value moves the cursor: only where it must be.
    if (!/[\r\n]/.test(source.value)) return;
    const before = inOneLine(source.value.slice(0, source.selectionEnd));
    write(source.value);
    source.setSelectionRange(before.length, before.length);
  });
}

/** Put a text into the field. */
export function write(text) {
  source.value = inOneLine(text);
}

function inOneLine(text) {
  return text.replace(/\s*[\r\n]\s*/g, " ");
}
