// Reading a stream of server-sent events (HTML Standard, section 9.2.6) from chunks of bytes.

/**
 * Yield each event of a stream as `{event, data}`, whatever way its bytes are cut into chunks.
 *
 * An event that the stream's end cuts off is dropped, as the standard asks.
 *
 * @param {AsyncIterable<Uint8Array>} chunks
 */
export async function* eventsOf(chunks) {
  const decoder = new TextDecoder();
  let rest = "";
  let event = "";
  let data = [];
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be half of a line's end: it waits for the next chunk.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (data.length) yield { event: event || "message", data: data.join("\n") };
        event = "";
        data = [];
        continue;
      }
      const [, name, value] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line);
      if (name === "event") event = value;
      if (name === "data") data.push(value);
    }
  }
}

/** Yield a body's chunks; not every browser iterates over streams by itself. */
export async function* chunksOf(body) {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
