// Chromium with a film for a camera, and a watch over what its pages do: they
// ask nobody but this server, keep no cookie, break no policy, log no error.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ZONE } from "./house.mjs";

const { chromium } = createRequire(new URL("../../web/package.json", import.meta.url))("playwright-core");

const PATIENCE_MS = 40_000; // of each single wait: two cores may be busy with other tests
const FLAGS = [
  "--no-sandbox", "--disable-background-networking", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
  "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", // a name that has to be looked up is a mistake
];

function ffmpeg(...args) {
  execFileSync("ffmpeg", ["-y", "-v", "error", ...args], { stdio: ["ignore", "ignore", "inherit"] });
}

/** A photograph before the camera, in a hand that moves a little. */
export function filmOfFace(photograph, film) {
  ffmpeg("-loop", "1", "-i", photograph, "-frames:v", "8", "-r", "8",
    "-vf", "crop=iw-16:ih-12:8+4*sin(n*0.8):6+3*cos(n*0.8),scale=640:480,format=yuv420p", film);
}

/** What a camera sees of the i-th face of a photograph while she does as asked: name → data URL. */
export function posesOf(tool, models, photograph, i, dir) {
  mkdirSync(dir);
  execFileSync(tool, [models, photograph, String(i), dir], { env: { ...process.env, ASAN_OPTIONS: "detect_leaks=0" } });
  return Object.fromEntries(readdirSync(dir).map((f) => [f.replace(".jpg", ""), `data:image/jpeg;base64,${readFileSync(join(dir, f)).toString("base64")}`]));
}

/**
 * A camera that shows her doing what the page asks for at that moment. It is what
 * somebody could do who gets between a camera and a browser: docs/face.md says so.
 */
export async function standBefore(page, frames) {
  await page.addInitScript((urls) => {
    const pictures = {};
    for (const [name, url] of Object.entries(urls)) {
      pictures[name] = new Image();
      pictures[name].src = url;
    }
    navigator.mediaDevices.getUserMedia = async () => {
      const canvas = document.createElement("canvas");
      canvas.width = 640;
      canvas.height = 480;
      const pen = canvas.getContext("2d");
      const draw = () => pen.drawImage(pictures[document.querySelector("[data-step]")?.dataset.step ?? "front"], 0, 0, 640, 480);
      await Promise.all(Object.values(pictures).map((p) => p.decode()));
      draw();
      setInterval(draw, 40);
      return canvas.captureStream(25);
    };
  }, frames);
}

/** Two more frames of the camera have come since this step was shown. */
export async function framesPass(page) {
  await page.locator("video").evaluate((v) => new Promise((r) => v.requestVideoFrameCallback(() => v.requestVideoFrameCallback(() => v.requestVideoFrameCallback(r)))));
}

/** A door with a parcel before it. */
export function filmOfDoor(film) {
  ffmpeg("-f", "lavfi", "-i", "color=c=0xb9b2a3:s=640x480:r=8", "-frames:v", "4", "-vf", [
    "drawbox=0:400:640:80:0x77736a:fill", "drawbox=190:60:260:350:0x4b3524:fill", "drawbox=205:75:230:325:0x6b4a2f:fill",
    "drawbox=230:100:80:130:0x5a3d27:fill", "drawbox=330:100:80:130:0x5a3d27:fill", "drawbox=400:240:14:14:0xd9b65a:fill",
    "drawbox=250:330:150:95:0xc99c63:fill", "drawbox=316:330:18:95:0xe5d3ac:fill", "drawbox=350:345:38:24:0xf6f3ea:fill", "format=yuv420p",
  ].join(","), film);
}

export class Watch {
  constructor(origin) {
    this.origin = origin;
    this.wrong = [];
    this.expected = [];
    this.seen = 0;
    this.open = new Map();
  }

  /** The next failed answer of this status is part of the story. */
  expect(status) {
    this.expected.push(status);
  }

  over(context, who) {
    const note = (what) => this.wrong.push(`${who}: ${what}`);
    context.on("request", (r) => {
      this.seen++;
      const url = new URL(r.url());
      if (url.protocol !== "blob:" && url.protocol !== "data:" && url.origin !== this.origin) note(`asked ${r.url()}`);
      this.open.set(r, `${who}: ${r.method()} ${url.pathname} is not answered yet`);
    });
    for (const end of ["requestfinished", "requestfailed"]) context.on(end, (r) => this.open.delete(r));
    context.on("response", (r) => {
      if (r.status() < 400) return;
      // "Is a round open?" has this answer when none is.
      if (r.status() === 404 && new URL(r.url()).pathname === "/v1/driver/duty") return;
      const i = this.expected.indexOf(r.status());
      if (i < 0) note(`${r.request().method()} ${r.url()} answered ${r.status()}`);
      else this.expected.splice(i, 1);
    });
    context.on("console", (m) => {
      // The browser's own word about an answer of 4xx: the answers are looked at above.
      if (m.type() === "error" && !m.text().startsWith("Failed to load resource")) note(`console: ${m.text()}`);
    });
    context.on("weberror", (e) => note(`threw: ${e.error().stack ?? e.error()}`));
  }
}

/** One phone: a profile that outlives its browser, so that its key does too. */
export async function openPhone(chromiumPath, top, film, watch, place) {
  const context = await chromium.launchPersistentContext(join(top, "phone"), {
    executablePath: chromiumPath, headless: true, args: [...FLAGS, `--use-file-for-fake-video-capture=${film}`],
    viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, isMobile: true, hasTouch: true, locale: "en-GB", timezoneId: ZONE,
    geolocation: { latitude: place.lat, longitude: place.lon, accuracy: 8 }, permissions: ["geolocation", "camera"], colorScheme: "light",
  });
  watch.over(context, "phone");
  context.setDefaultTimeout(PATIENCE_MS);
  return { context, page: context.pages()[0] ?? (await context.newPage()) };
}

/** The desk's browser; everybody who sits down has a session of her own. */
export async function openDesk(chromiumPath, watch) {
  const browser = await chromium.launch({ executablePath: chromiumPath, headless: true, args: FLAGS });
  const sit = async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", timezoneId: ZONE, colorScheme: "light" });
    watch.over(context, "desk");
    context.setDefaultTimeout(PATIENCE_MS);
    return context.newPage();
  };
  return { browser, sit };
}

/** The pages' policy as the browser was given it. */
export async function checkPolicy(url) {
  const head = (await fetch(url)).headers;
  const csp = Object.fromEntries(head.get("content-security-policy").split(";").map((d) => d.trim().split(/\s+/)).map(([k, ...v]) => [k, v]));
  assert.deepEqual(csp["default-src"], ["'self'"]);
  for (const [name, sources] of Object.entries(csp))
    for (const source of sources) {
      assert.ok(["'self'", "'none'", "blob:", "data:"].includes(source), `${name} allows ${source}`);
      if (name === "script-src" || name === "connect-src" || name === "style-src") assert.equal(source, "'self'", `${name} allows ${source}`);
    }
  assert.deepEqual(csp["object-src"], ["'none'"]);
  assert.deepEqual(csp["frame-ancestors"], ["'none'"]);
  assert.equal(head.get("set-cookie"), null);
  assert.equal(head.get("x-content-type-options"), "nosniff");
}

/** Nothing on the page that looks like how alike two faces are. */
export async function noScore(page) {
  const text = await page.locator("body").innerText();
  assert.doesNotMatch(text, /score|similar|fmr|false.match|\b0[.,]\d{2}|\d+[.,]?\d*\s?%/i, "a score, or what looks like one, is on the page");
}
