// Pictures of the pages for docs/screens, when UPDATE_SCREENS=1 asks for them, or UPDATE_SCREENS=NAME for one.
// No face is in them: every camera picture is painted over first.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";

const DIR = new URL("../../docs/screens/", import.meta.url).pathname;
const BYTES_MAX = 200_000;
const wanted = process.env.UPDATE_SCREENS;

async function paintOver(page) {
  await page.evaluate(() => {
    for (const e of document.querySelectorAll("video")) {
      e.style.filter = "blur(28px)";
      e.style.clipPath = "inset(0)";
    }
  });
}

/** `whole`: as if the screen were as high as the page. */
export async function picture(page, name, whole = false) {
  if (wanted !== "1" && wanted !== name) return;
  mkdirSync(DIR, { recursive: true });
  await paintOver(page);
  const raw = `${DIR}${name}.raw.png`;
  const out = `${DIR}${name}.png`;
  const size = page.viewportSize();
  if (whole) await page.setViewportSize({ width: size.width, height: await page.evaluate(() => document.documentElement.scrollHeight) });
  await page.screenshot({ path: raw, animations: "disabled" });
  if (whole) await page.setViewportSize(size);
  execFileSync("ffmpeg", ["-y", "-v", "error", "-i", raw, "-vf", "split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=none", out]);
  rmSync(raw);
  if (statSync(out).size > BYTES_MAX) throw new Error(`${out} is larger than ${BYTES_MAX} bytes`);
}

/** The map has drawn what it was told to show, streets and all. */
export async function mapDrawn(page) {
  await page.locator('.map[data-drawn="true"]').first().waitFor();
}
