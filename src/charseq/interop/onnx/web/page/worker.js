// Keeps the site's files, so that it opens without a network too; a new export is kept beside the
// old one, and takes its place when no page shows the old one any more.

const OWN = `charseq ${registration.scope} `;
const CACHE = OWN + new URL(location).searchParams.get("version");

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
addEventListener("fetch", (event) => event.respondWith(answer(event.request)));

async function keep() {
  const { files } = await (await fetch("files.json", { cache: "no-cache" })).json();
  const cache = await caches.open(CACHE);
  const requests = Object.entries(files).map(
    ([name, integrity]) => new Request(addressOf(name), { integrity, cache: "no-cache" }),
  );
  await cache.addAll(requests);
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(OWN) && name !== CACHE).map((name) => caches.delete(name)));
}

async function answer(request) {
  const kept = await caches.match(addressOf(request.url), { cacheName: CACHE, ignoreSearch: true });
  return kept ?? fetch(request);
}

/** The first page has two addresses; some servers send from the one to the other. */
function addressOf(name) {
  return new URL(name, registration.scope).href.replace(/\/index\.html(?=$|[?#])/, "/");
}
