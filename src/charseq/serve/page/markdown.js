// The part of Markdown that model cards are written in, as elements. All else in it stays text.

import { element } from "./dom.js";

const KINDS = Object.entries({
  fence: /^```/,
  heading: /^#{1,6} /,
  table: /^\|/,
  list: /^[-*] /,
  blank: /^\s*$/,
  paragraph: /^/,
});

/**
 * Return a card's blocks, each with the lines that it consists of.
 *
 * @param {string} markdown
 * @returns {{kind: string, lines: string[]}[]}
 */
export function blocksOf(markdown) {
  const blocks = [];
  let fenced = false;
  for (const line of markdown.split(/\r?\n/)) {
    const [kind] = KINDS.find(([, begins]) => begins.test(line));
    const last = blocks.at(-1);
    if (kind === "fence") {
      fenced = !fenced;
      blocks.push({ kind: fenced ? "code" : "blank", lines: [] });
    } else if (fenced || (last?.kind === kind && kind !== "heading")) {
      last.lines.push(line);
    } else {
      blocks.push({ kind, lines: [line] });
    }
  }
  return blocks.filter(({ kind }) => kind !== "blank");
}

/** Return a table's rows, each a list of cells; the first is its head. */
export function rowsOf(lines) {
  return lines
    .filter((line) => !/^[|\s:-]+$/.test(line) || !line.includes("-"))
    .map((line) => line.replace(/^\||\|\s*$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim()));
}

/** Return a card as elements that hold nothing but text. */
export function rendered(markdown) {
  return blocksOf(markdown).map(({ kind, lines }) => MADE[kind](lines));
}

const MADE = {
  code: (lines) => element("pre", {}, lines.join("\n")),
  // The dialog has a heading of its own above the card's.
  heading: ([line]) => {
    const [, marks, words] = /^(#+) +(.*)$/.exec(line);
    return element(`h${Math.min(6, marks.length + 2)}`, {}, ...spans(words));
  },
  list: (lines) =>
    element("ul", {}, ...lines.map((line) => element("li", {}, ...spans(line.slice(2))))),
  paragraph: (lines) => element("p", {}, ...spans(lines.join(" "))),
  table: (lines) => {
    const [head = [], ...rows] = rowsOf(lines);
    const cell = (words, tag) => element(tag, {}, element("bdi", {}, ...spans(words)));
    const made = (cells, tag) => element("tr", {}, ...cells.map((words) => cell(words, tag)));
    const body = element("tbody", {}, ...rows.map((row) => made(row, "td")));
    const titled = head.some(Boolean) ? [element("thead", {}, made(head, "th"))] : [];
    return element("table", {}, ...titled, body);
  },
};

/** Return a line's code and text, without the backslashes that escape punctuation marks. */
function spans(line) {
  return line.split(/(`[^`]+`)/).map((part) =>
    part.startsWith("`") && part.length > 1
      ? element("code", {}, part.slice(1, -1))
      : part.replace(/\\([!-/:-@[-`{-~])/g, "$1"),
  );
}
