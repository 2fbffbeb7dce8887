// A tab list as the ARIA authoring practices describe it.

import { makeReachable, rove } from "./dom.js";

/** Let the tabs of a list show their panels; a panel hears `shown` when it is. */
export function makeTabs(list) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const choose = (chosen) => {
    makeReachable(tabs, chosen);
    for (const tab of tabs) {
      tab.ariaSelected = String(tab === chosen);
      const panel = document.getElementById(tab.getAttribute("aria-controls"));
      const shown = panel.hidden && tab === chosen;
      panel.hidden = tab !== chosen;
      if (shown) panel.dispatchEvent(new Event("shown"));
    }
  };
  for (const tab of tabs) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("focus", () => choose(tab));
  }
  rove(list, () => tabs);
}
