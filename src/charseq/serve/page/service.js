// Calls of the service that this page belongs to.

import { chunksOf, eventsOf } from "./events.js";

const KEY = "charseq-api-key";
const LONGEST_WAIT = 30; // Seconds, however long a busy service asks for.

/** What the service, or the way to it, answers instead of an answer. */
export class ServiceError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** Keep the API key for as long as this tab is open. */
export function keepKey(key) {
  sessionStorage.setItem(KEY, key);
}

/** Return whether there is a key. */
export function hasKey() {
  return sessionStorage.getItem(KEY) !== null;
}

/** Return the service's `models` and its `limits`; `waiting(seconds)` hears of a busy service. */
export async function offers({ waiting }) {
  return read(await called("v1/models", { waiting }));
}

/** Return the translations that a request asks for. */
export async function translations(request, { signal, waiting }) {
  const answer = await called("v1/translate", { request, signal, waiting });
  return (await read(answer)).translations;
}

/** Yield `{event, data}` as a model writes its answer: `start`, `symbol`s and the `translation`. */
export async function* written(request, { signal, waiting }) {
  const answer = await called("v1/translate", {
    request: { ...request, stream: true },
    signal,
    waiting,
  });
  let last = "";
  try {
    for await (const { event, data } of eventsOf(chunksOf(answer.body))) {
      last = event;
      const told = JSON.parse(data);
      if (event === "error") throw new ServiceError(told.error.kind, told.error.message);
      yield { event, data: told };
    }
  } catch (error) {
    throw signal.aborted || error instanceof ServiceError ? error : unreachable();
  }
  if (last !== "translation") throw unreachable();
}

/** Wait, or be thrown out by the signal. */
export function rest(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

async function called(address, { request, signal, waiting }) {
  for (;;) {
    const answer = await fetched(address, request, signal);
    if (answer.ok) return answer;
    const error = await refusal(answer);
    if (answer.status !== 503) throw error;
    const asked = Number(answer.headers.get("Retry-After"));
    const seconds = Math.min(asked > 0 ? asked : 1, LONGEST_WAIT);
    waiting(seconds);
    await rest(seconds * 1000, signal);
  }
}

async function fetched(address, request, signal) {
  const headers = {};
  if (hasKey()) headers.Authorization = `Bearer ${bytesOf(sessionStorage.getItem(KEY))}`;
  if (request) headers["Content-Type"] = "application/json";
  const body = request && JSON.stringify(request);
  try {
    return await fetch(address, { method: request ? "POST" : "GET", headers, body, signal });
  } catch (error) {
    throw signal?.aborted ? error : unreachable();
  }
}

/** Return a text's bytes in UTF-8, one character each, as headers are written. */
function bytesOf(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

async function read(answer) {
  try {
    return await answer.json();
  } catch {
    throw unreachable();
  }
}

async function refusal(answer) {
  try {
    const { kind, message } = (await answer.json()).error;
    return new ServiceError(kind, message);
  } catch {
    // Not the service's own answer, but that of a proxy before it.
    const kind = { 413: "too_large", 504: "timeout" }[answer.status] ?? "internal";
    return new ServiceError(kind, `The service answered with status ${answer.status}.`);
  }
}

function unreachable() {
  return new ServiceError("unreachable", "The service cannot be reached. Is it still running?");
}
