// The answer symbol by symbol: how probable each is, where the model looked, what else was likely.

import { bar, byId, element, makeReachable, rove } from "./dom.js";
import {
  choices,
  END,
  focus,
  isolated,
  leastSure,
  percent,
  probabilityOf,
  symbolLabel,
  symbolName,
} from "./symbols.js";

const SURE = 0.5; // Below this, a symbol is marked as doubtful.

const conditionTiles = byId("conditions");
const readTiles = byId("read-symbols");
const writtenButtons = byId("written-symbols");
const detail = byId("detail");

let read = [];
let conditions = 0;
let symbols = [];
let shown = -1;

rove(writtenButtons, buttons);

/** Begin with what the model reads: its conditions, then the source's symbols. */
export function begin({ source_symbols: sourceSymbols, conditions: count }) {
  read = sourceSymbols;
  conditions = count;
  symbols = [];
  shown = -1;
  const tiles = read.map((symbol, place) =>
    element("span", { className: "tile" }, place < count ? symbol : tileText(symbol)),
  );
  conditionTiles.replaceChildren(...tiles.slice(0, count));
  conditionTiles.hidden = !count;
  readTiles.replaceChildren();
  tiles.slice(count).forEach((tile, place) => join(readTiles, tile, read[count + place - 1]));
  writtenButtons.replaceChildren();
  hint("");
  detail.hidden = true;
}

/** Add a symbol that has been written. */
export function add(written) {
  const place = symbols.push(written) - 1;
  const probability = probabilityOf(written.log_probability);
  const button = element(
    "button",
    { type: "button", className: "tile", ariaLabel: spokenOf(written), tabIndex: place ? -1 : 0 },
    tileText(written.symbol, written.end),
    bar(probability),
  );
  button.classList.toggle("doubtful", probability < SURE);
  for (const event of ["focus", "click", "pointerenter"]) {
    button.addEventListener(event, () => show(place));
  }
  join(writtenButtons, button, symbols[place - 1]?.symbol);
}

/** Say what is known when the answer is whole, and show where the model was least sure. */
export function finish({ unknown_symbols: unknown = [] }) {
  markUnknown(unknown);
  if (symbols.length && shown < 0) {
    show(leastSure(symbols));
    hint("This is the symbol that the model was least sure of. Point at another to see it instead.");
  }
}

function buttons() {
  return [...writtenButtons.querySelectorAll("button")];
}

/** Add a symbol's tile to a row, in which lines break after spaces rather than within words. */
function join(row, tile, former) {
  if (!row.lastElementChild || former === " ") row.append(element("span", { className: "word" }));
  row.lastElementChild.append(tile);
}

function hint(text) {
  byId("inspection-hint").textContent = text;
}

function markUnknown(unknown) {
  for (const tile of readTiles.querySelectorAll(".tile")) {
    const strange = unknown.some((symbol) => symbolLabel(symbol) === tile.textContent);
    tile.classList.toggle("unknown", strange);
    tile.title = strange ? "never seen by the model" : "";
  }
}

function shade(weights) {
  const tiles = [conditionTiles, readTiles].flatMap((row) => [...row.querySelectorAll(".tile")]);
  tiles.forEach((tile, place) => {
    const weight = weights[place] ?? 0;
    tile.style.setProperty("--weight", weight.toFixed(4));
    tile.classList.toggle("looked-at", weight >= 0.1);
  });
}

function show(place) {
  const written = symbols[place];
  shown = place;
  const all = buttons();
  makeReachable(all, all[place]);
  for (const button of all) button.ariaPressed = String(button === all[place]);
  shade(written.weights);
  byId("detail-symbol").replaceChildren(
    tileText(written.symbol, written.end),
    element("span", { className: "number" }, percent(probabilityOf(written.log_probability))),
  );
  byId("detail-words").textContent = reasonOf(written);
  byId("choices").replaceChildren(...choices(written).map(choiceItem));
  detail.hidden = false;
}

function choiceItem({ symbol, probability, chosen }) {
  return element(
    "li",
    { className: chosen ? "chosen" : "", ...(chosen && { ariaCurrent: "true" }) },
    tileText(symbol, symbol === END),
    bar(probability),
    element("span", { className: "number" }, percent(probability)),
  );
}

/** Return a symbol, or the name of what has no shape of its own. */
function tileText(symbol, end = false) {
  const label = end ? "end" : symbolLabel(symbol);
  const named = end || label.startsWith("U+");
  return element("span", { className: named ? "named" : "" }, label);
}

/** Return where a symbol came from, in sentences. */
function reasonOf({ weights, copying, end }) {
  const said = [];
  const looked = focus(weights);
  if (looked) {
    const where = looked.place < conditions ? "" : `, place ${looked.place - conditions + 1}`;
    const what = looked.place < conditions ? read[looked.place] : symbolLabel(read[looked.place]);
    said.push(`It looked most at ${isolated(what)}${where} (${percent(looked.weight)}).`);
  } else if (read.length) {
    said.push("This model has no attention, so it cannot show where it looks.");
  }
  if (copying !== undefined && !end) {
    said.push(`It copies this symbol with a probability of ${percent(copying)}.`);
  }
  return said.join(" ");
}

function spokenOf(written) {
  const named = (symbol) => (symbol === END ? "end of the answer" : symbolName(symbol));
  const name = named(written.end ? END : written.symbol);
  const others = choices(written)
    .filter(({ chosen }) => !chosen)
    .slice(0, 2)
    .map(({ symbol, probability }) => `${named(symbol)} ${percent(probability)}`);
  const said = [`${name}, ${percent(probabilityOf(written.log_probability))}.`, reasonOf(written)];
  if (others.length) said.push(`Alternatives: ${others.join(", ")}.`);
  return said.join(" ");
}
