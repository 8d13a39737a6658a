import { defineConfig } from "vite";

// Four pages, one build; every file is served by the binary itself, so paths
// are absolute and nothing may be inlined (the pages run under a strict CSP).
export default defineConfig({
  base: "/",
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: { start: "index.html", driver: "driver/index.html", console: "console/index.html", track: "track/index.html" } },
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8080", "/map": "http://127.0.0.1:8080" } },
});
