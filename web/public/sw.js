// Keeps the driver app's own files and the streets she has seen, so that it opens
// in a cellar. Never an answer of the API: what is hers stays out of caches.
const SHELL = "waybill-shell-1";
const TILES = "waybill-tiles-1";
const MOST = { [SHELL]: 60, [TILES]: 600 };

async function keep(name, request, response) {
  if (response.status !== 200) return;
  const cache = await caches.open(name);
  await cache.put(request, response);
  const keys = await cache.keys();
  for (const old of keys.slice(0, Math.max(0, keys.length - MOST[name]))) await cache.delete(old);
}

async function networkFirst(name, event) {
  try {
    const response = await fetch(event.request);
    event.waitUntil(keep(name, event.request, response.clone()));
    return response;
  } catch (error) {
    const kept = await caches.match(event.request, { ignoreVary: true });
    if (kept !== undefined) return kept;
    throw error;
  }
}

/** Named after their content: what is kept cannot be old. */
async function keptFirst(event) {
  return (await caches.match(event.request, { ignoreVary: true })) ?? networkFirst(SHELL, event);
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(keptFirst(event));
  else if (url.pathname.startsWith("/map/tiles/")) event.respondWith(networkFirst(TILES, event));
  else if (url.pathname === "/driver/" || url.pathname === "/icon.svg") event.respondWith(networkFirst(SHELL, event));
});
