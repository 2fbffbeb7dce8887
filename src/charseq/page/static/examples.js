// Inputs to try, each a button.

import { byId, element } from "./dom.js";

/** Show examples; `choose` is called with the one that is clicked. */
export function show(examples, choose) {
  byId("examples").replaceChildren(
    ...examples.map((example) => {
      const properties = { type: "button", className: "example", dir: "auto" };
      const button = element("button", properties, example.source);
      button.addEventListener("click", () => choose(example));
      return button;
    }),
  );
}
