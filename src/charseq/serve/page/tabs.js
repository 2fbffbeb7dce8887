// A tab list as the ARIA authoring practices describe it.

import { makeReachable, rove } from "./dom.js";

/** Let the tabs of a list show their panels. */
export function makeTabs(list) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const choose = (chosen) => {
    makeReachable(tabs, chosen);
    for (const tab of tabs) {
      tab.ariaSelected = String(tab === chosen);
      document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
  };
  for (const tab of tabs) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("focus", () => choose(tab));
  }
  rove(list, () => tabs);
}
