// The page: asks which models there are, and puts its parts together.

import { byId } from "./dom.js";
import { makeCard } from "./card.js";
import { makeFileTab, showColumns } from "./file.js";
import { queryOf } from "./link.js";
import * as notice from "./notice.js";
import { offers } from "./service.js";
import { choose, offer, onChange } from "./settings.js";
import { makeTabs } from "./tabs.js";
import { ask, makeTextTab, showExamples, write } from "./text.js";

makeTabs(document.querySelector("[role=tablist]"));
makeTextTab();
makeFileTab();
makeCard();
onChange((anotherModel) => {
  if (anotherModel) fit();
  ask();
});
begin();

async function begin() {
  try {
    offer(await offers({ waiting: notice.tellBusy }));
  } catch (error) {
    notice.tell(error, begin);
    return;
  }
  byId("work").hidden = false;
  notice.clear();
  // A link to another query of this page, followed or pasted into the address, loads nothing anew.
  addEventListener("hashchange", () => follow());
  // Where there is no mouse, a focused field would bring up the keyboard.
  if (matchMedia("(hover: hover)").matches) byId("source").focus();
  follow();
}

/** Show the query that the address leads to. */
function follow() {
  const query = queryOf(location.hash);
  choose(query);
  fit();
  write(query.text ?? byId("source").value);
}

function fit() {
  showExamples();
  showColumns();
}
