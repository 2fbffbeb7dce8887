// The field of the source: one line, as models read it.

import { byId } from "./dom.js";

export const source = byId("source");

/** Keep the field one line, whatever is pasted; to be called before anything else listens to it. */
export function keepOneLine() {
  source.addEventListener("input", () => {
    // Setting the value moves the cursor: only where it must be.
    if (/[\r\n]/.test(source.value)) write(source.value);
  });
}

/** Put a text into the field. */
export function write(text) {
  source.value = text.replace(/\s*[\r\n]\s*/g, " ");
}
