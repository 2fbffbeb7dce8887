// A query as the part of an address behind the hash: #model=…&text=…

const NAMES = ["model", "text", "features", "language", "sure"];

/** Return the fragment that leads to a query; what it does not say is left out. */
export function fragmentOf(query) {
  const said = NAMES.filter((name) => query[name] !== undefined);
  const told = said.map((name) => [name, query[name]]);
  return told.length ? `#${new URLSearchParams(told)}` : "";
}

/** Return the query that a fragment leads to; unknown names are passed over. */
export function queryOf(fragment) {
  const told = new URLSearchParams(fragment.replace(/^#/, ""));
  const known = NAMES.filter((name) => told.has(name));
  return Object.fromEntries(known.map((name) => [name, told.get(name)]));
}
