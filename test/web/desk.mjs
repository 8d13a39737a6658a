// The desk's half of the day: a dispatcher who watches the map, a reviewer who
// answers what only people decide, with her hands on the keyboard.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { mapDrawn, picture } from "./screens.mjs";

async function signIn(page, url, who) {
  await page.goto(`${url}/console/`);
  await page.getByLabel("Name or e-mail address").fill(who.name);
  await page.getByLabel("Passphrase").fill(who.passphrase);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Console" }).waitFor();
}

const at = (place) => `${place.lat.toFixed(5)},${place.lon.toFixed(5)}`;
const driver = (page) => page.locator('.livemap .pin[aria-label^="Vera Holm"]');

/** A map with her on it, where she is. */
export async function watchMap(page, house, place) {
  await signIn(page, house.url, house.dispatcher);
  await page.getByRole("heading", { name: "Today" }).waitFor();
  await mapDrawn(page);
  await page.locator(`.livemap .pin[aria-label^="Vera Holm"][data-at="${at(place)}"]`).waitFor();
  await page.locator(".dutyrow .street", { hasText: /\p{L}{4}/u }).waitFor(); // the name of a street
}

/** The map follows the stream of places; without it, it asks, and comes back to the stream when it is there again. */
export async function losesTheStream(page, act) {
  const followed = (is) => page.locator(`.livemap[data-live="${is}"]`).waitFor();
  await followed(true);
  await page.route("**/v1/places", (route) => route.abort());
  await page.reload();
  await followed(false);
  await act();
  await page.unroute("**/v1/places");
  await followed(true);
}

/** She moves, and the pin with her, without a hand on the desk's page: in degrees and on the glass. */
export async function seesHerMove(page, phone, places) {
  for (const place of places) {
    const before = await driver(page).boundingBox();
    await phone.setGeolocation({ latitude: place.lat, longitude: place.lon, accuracy: 8 });
    await page.locator(`.livemap .pin[aria-label^="Vera Holm"][data-at="${at(place)}"]`).waitFor();
    const after = await driver(page).boundingBox();
    assert.ok(Math.hypot(after.x - before.x, after.y - before.y) > 3, "the pin stays where it is");
  }
}

/** Her round by its row: the stops, and where she is among them. */
export async function openRound(page, done) {
  await page.locator("button.dutyrow", { hasText: "Vera Holm" }).click();
  await page.locator(".detail").getByText("she reads that you opened this").waitFor();
  await page.getByLabel(`${done} of 5 stops`).first().waitFor();
  await page.locator('.livemap .pin[data-kind="stop"]').first().waitFor();
  await mapDrawn(page);
}

/** No open round, no place. */
export async function seesHerGo(page) {
  await driver(page).waitFor({ state: "detached" });
  await page.getByText("0 open, 1 closed").waitFor();
}

/** A list without coordinates: what is not sure is asked, by the list and by the map. */
export async function placesAddresses(page, house, watch) {
  await page.goto(`${house.url}/console/#/import`);
  const day = new Date(Date.now() + 26 * 3600_000).toISOString().slice(0, 10);
  const row = (reference, address, place = ",") => `${reference},Bo Ek,"${address}",${place},${day} 08:00,${day} 17:00`;
  const csv = ["reference,recipient,address,lat,lon,earliest,latest", row("ADR-1", "Vallgatan 12, Göteborg"), row("ADR-2", "kungsportsaveny 4"),
    row("ADR-3", "Drottninggatan 30", "57.7058,11.9685"), row("ADR-4", "Ingenstans 99, Atlantis")].join("\n");
  watch.expect(400);
  await page.locator("input[name=csv]").setInputFiles({ name: "list.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText("0 of 4 lines taken").waitFor();
  await page.getByRole("heading", { name: "3 addresses are not placed" }).waitFor();
  const card = page.locator(".pickplaces");
  const first = card.getByRole("group", { name: /Vallgatan 12/ });
  await first.getByText("the street is known, this number is not").waitFor();
  await first.getByRole("radio", { name: /^1\. Vallgatan/ }).check();
  await mapDrawn(page);
  await picture(page, "console-places", true);
  await card.getByRole("group", { name: /Ingenstans/ }).click();
  await mapDrawn(page);
  const box = await card.locator("canvas").boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await card.getByText("The place that you pressed on the map").waitFor();
  await page.getByRole("button", { name: "Import the good lines and the chosen ones" }).click();
  await page.getByText("3 of 4 lines taken").waitFor();
  await page.getByRole("heading", { name: "One address is not placed" }).waitFor();
  const there = (await house.get(`/v1/shipments?date=${day}`)).items;
  const by = Object.fromEntries(there.map((s) => [s.reference, s.placed]));
  assert.deepEqual(Object.keys(by).sort(), ["ADR-1", "ADR-3", "ADR-4"]);
  assert.equal(by["ADR-1"].by, "staff");
  assert.equal(by["ADR-3"], null);
  assert.equal(by["ADR-4"].by, "staff");
}

/** How far a van comes: from the station, then from where the map is pressed, then without a mouse. */
export async function looksAround(page) {
  const card = page.locator(".reach");
  const rows = card.locator("tbody tr");
  await page.locator(".detail").getByRole("button", { name: "Close" }).click();
  const streets = async (n) => Number((await rows.nth(n).locator("td").nth(1).innerText()).replace(/\D/g, ""));
  await card.getByLabel("From").selectOption({ label: "Nordstan" });
  await rows.nth(2).waitFor();
  await mapDrawn(page);
  assert.ok((await streets(0)) > 20 && (await streets(1)) > (await streets(0)) && (await streets(2)) > (await streets(1)), "a longer band holds more streets");
  await picture(page, "console-reach");
  await card.getByLabel("Minutes").selectOption("10,20,30");
  await rows.nth(2).getByText("30", { exact: true }).waitFor();
  await card.getByLabel("From").selectOption("place");
  await page.getByText("Press a street on the map").waitFor();
  assert.equal(await rows.count(), 0);
  await page.waitForFunction(() => document.querySelector(".livemap canvas").style.cursor === "crosshair");
  await mapDrawn(page);
  const box = await page.locator(".livemap canvas").boundingBox();
  await page.mouse.click(box.x + box.width / 3, box.y + box.height / 2);
  await rows.nth(2).waitFor();
  const pressed = await page.locator('.livemap .pin[aria-label="Within reach from here"]').getAttribute("data-at");
  await page.locator(".livemap canvas").focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction((was) => document.querySelector('.livemap .pin[aria-label="Within reach from here"]')?.dataset.at !== was, pressed);
  await rows.nth(2).waitFor();
}

// --- webhooks ---

/** Somebody else's server: keeps the messages, answers 503 to the first, and not to come again before a person has looked. */
async function receiver() {
  const got = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      got.push({ headers: request.headers, body: Buffer.concat(parts) });
      if (got.length === 1) response.writeHead(503, { "Retry-After": "3600" }).end();
      else response.writeHead(204).end();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { got, url: `http://127.0.0.1:${server.address().port}/waybill?token=sesame`, close: () => server.close() };
}

/** A manager adds one, keeps its secret, sends a test that fails and again; the secret is not shown twice. */
export async function addsAWebhook(page, house) {
  const there = await receiver();
  await signIn(page, house.url, house.manager);
  await page.goto(`${house.url}/console/#/setup`);
  await page.getByText("Add a webhook").click();
  await page.getByLabel("What it is").fill("Warehouse");
  await page.getByLabel("Address", { exact: false }).and(page.locator("[name=hook-url]")).fill(there.url);
  for (const kind of ["shipment.delivered", "duty.closed"]) await page.getByLabel(kind, { exact: true }).check();
  await page.getByRole("button", { name: "Add the webhook" }).click();
  const secret = await page.locator("code.secret").innerText();
  const card = page.getByRole("article", { name: "Warehouse" });
  await card.getByRole("button", { name: "Send a test" }).click();
  await card.getByText("What was sent").click();
  const row = card.locator("tbody tr").filter({ hasText: "webhook.ping" });
  const state = (is) => row.getByText(is, { exact: true });
  const look = async (said) => {
    while (!(await said.isVisible())) await card.getByRole("button", { name: "Look again" }).click();
  };
  await look(row.getByText("503 not taken"));
  await state("Waiting").waitFor();
  await row.getByRole("button", { name: "Send again" }).click();
  await look(state("Delivered"));
  await page.goto(`${house.url}/console/#/setup`);
  await page.reload();
  await card.getByText("What was sent").click();
  await state("Delivered").waitFor();
  await card.scrollIntoViewIfNeeded();
  await picture(page, "console-webhooks");
  const shown = await page.locator("body").innerText();
  assert.ok(!shown.includes("sesame") && !shown.includes("whsec_"), "shown once");
  for (const { headers, body } of there.got) {
    const signed = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`), body]);
    const mac = createHmac("sha256", Buffer.from(secret.slice("whsec_".length), "base64")).update(signed).digest("base64");
    assert.equal(headers["webhook-signature"], `v1,${mac}`);
    assert.equal(JSON.parse(body).type, "webhook.ping");
  }
  assert.equal(there.got[0].headers["webhook-id"], there.got[1].headers["webhook-id"]);
  there.close();
}

// --- by keyboard ---

/** Tabs on until what has the focus reads like this. */
async function tabTo(page, words) {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    const text = await page.evaluate(() => {
      const e = document.activeElement;
      const label = e.labels?.[0]?.textContent ?? e.getAttribute("aria-label") ?? e.textContent;
      return `${e.tagName.toLowerCase()} ${label.trim()}`;
    });
    if (words.test(text)) return;
  }
  throw new Error(`the keyboard does not reach ${words}`);
}

/** A track that cannot be true: looked at, thought about, answered; no mouse. */
export async function decideByKeyboard(page, house, why) {
  await signIn(page, house.url, house.reviewer);
  await page.getByText("Position implausible").waitFor();
  await page.getByRole("link", { name: /^Appeal/ }).waitFor();
  await picture(page, "console-queue");
  await tabTo(page, /^a Position implausible/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your decision" }).waitFor();
  for (const label of ["The phone reported", "Duty"]) {
    await tabTo(page, new RegExp(`^summary ${label}`));
    await page.keyboard.press("Enter");
  }
  await page.getByText("Open the evidence first").waitFor({ state: "detached" });
  await tabTo(page, /^input/);
  await page.keyboard.press("Space");
  await tabTo(page, /^textarea/);
  const decide = page.getByRole("button", { name: "Decide", exact: true });
  assert.ok(await decide.isDisabled(), "nobody decides without a reason");
  await page.keyboard.type(why);
  await picture(page, "console-decision");
  await tabTo(page, /^button Decide$/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "To decide" }).waitFor();
  await page.getByText("Position implausible").waitFor({ state: "detached" });
  await page.getByRole("link", { name: /^Appeal/ }).waitFor(); // nobody answers that one in passing
}
