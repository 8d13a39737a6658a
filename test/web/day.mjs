// One driver's day and her dispatcher's, through the pages, in real Chromium.
//
// Vera signs up, enrols her face and checks in with it. With somebody else
// before the camera of her phone she is refused, and takes the other way, the
// phone's key. She loads, delivers one parcel with a photo, finds nobody home
// twice, hands that parcel back, closes and reads what she earned. Meanwhile
// the dispatcher's map shows her move, and a reviewer answers by keyboard.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPolicy, filmOfDoor, filmOfFace, framesPass, noScore, openDesk, openPhone, posesOf, standBefore, Watch } from "./browser.mjs";
import { addsAWebhook, decideByKeyboard, looksAround, losesTheStream, openRound, placesAddresses, seesHerGo, seesHerMove, watchMap } from "./desk.mjs";
import { DEPOT, House } from "./house.mjs";
import { mapDrawn, picture } from "./screens.mjs";

const [waybill, deps, chromium, poseFrames] = process.argv.slice(2);
const began = Date.now();
const say = (what) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${what}`);

const ELSEWHERE = { lat: 57.721, lon: 12.9401 }; // another town, seconds later
const WHY = "The receiver jumped between the houses; she was at the stop, its time says so.";
const open = []; // pages, for when something goes wrong

const act = (page, name) => page.getByRole("button", { name, exact: true }).click();
const link = (page, name) => page.getByRole("link", { name, exact: true }).click();
const sees = (page, text) => page.getByText(text).first().waitFor();

// --- the driver ---

async function signUp(page) {
  await page.goto(`${page.houseUrl}/driver/`);
  await sees(page, "What is recorded, before you agree");
  await page.getByLabel("Your name").fill("Vera Holm");
  await page.getByLabel("Date of birth").fill("1991-05-17");
  await page.getByLabel("Telephone").fill("+46701112233");
  await page.getByLabel("Van").check();
  const join = page.getByRole("button", { name: "Sign up", exact: true });
  assert.ok(await join.isDisabled(), "nobody signs up before she has agreed");
  await page.locator("input[name=agree]").check();
  await join.click();
  await sees(page, "Hello Vera");
}

async function enrol(page) {
  await page.goto(`${page.houseUrl}/driver/#/me/face`);
  await act(page, "Read and decide");
  assert.equal(await page.locator("video").count(), 0, "no camera before consent");
  await page.locator("input[name=consent]").check();
  await act(page, "Take the pictures");
  await sees(page, "Face check-in is on.");
  await noScore(page);
}

/** Asks for tomorrow's block, which a draw will give. */
async function askForOffer(page, block) {
  await page.goto(`${page.houseUrl}/driver/#/offers`);
  await page.locator(`a[href="#/offers/${block.id}"]`).waitFor();
  await picture(page, "driver-offers");
  await page.locator(`a[href="#/offers/${block.id}"]`).click();
  await act(page, "Ask for this block");
  await sees(page, "It stays sealed until the close");
  await sees(page, block.commitment.slice(0, 16));
}

async function openCheckIn(page, awardId) {
  await page.goto(`${page.houseUrl}/driver/#/check-in/${awardId}`);
  await act(page, "Use the camera instead");
  await page.locator('video[data-ready="true"]').waitFor();
}

/** Does, or seems to do, what the page asks for: poses at her own pace, then the screen's colours. */
async function answerChallenge(page) {
  const drawn = page.waitForResponse((r) => new URL(r.url()).pathname === "/v1/driver/face-challenge");
  const answer = page.waitForResponse((r) => new URL(r.url()).pathname === "/v1/driver/check-ins", { timeout: 150_000 }); // after nine steps, each with its own patience
  await page.getByLabel("At my own pace").check();
  await act(page, "Begin");
  const { poses, colours } = await (await drawn).json();
  for (const [i, step] of ["front", ...poses].entries()) {
    await page.locator(`[data-step="${step}"]`).getByText(`${i + 1} of ${1 + poses.length + colours.length}`).waitFor();
    await framesPass(page);
    if (i === 1) await picture(page, "driver-challenge", true);
    await act(page, "Take it now");
  }
  return (await answer).json();
}

async function checkInByFace(page, awardId) {
  await openCheckIn(page, awardId);
  await picture(page, "driver-check-in");
  const { outcome } = await answerChallenge(page);
  assert.equal(outcome, "passed");
  await sees(page, "You are checked in.");
  await noScore(page);
}

/** Her own photograph, moved a little before the camera of her phone. */
async function photographOpensNothing(page, awardId) {
  await openCheckIn(page, awardId);
  await page.getByLabel("With the screen's colours").uncheck();
  const { outcome, hint } = await answerChallenge(page);
  assert.deepEqual([outcome, hint], ["try_again", "pose"]);
  await sees(page, "What was asked was not to be seen.");
  await noScore(page);
  await page.getByLabel("With the screen's colours").check();
}

async function refusedThenByKey(page, awardId) {
  await openCheckIn(page, awardId);
  const { id, outcome, hint, ...more } = await answerChallenge(page);
  assert.deepEqual([typeof id, outcome, Object.keys(more)], ["string", "try_again", []], "her phone learns no more than that");
  assert.ok(hint === null || /^[a-z_]+$/.test(hint));
  const told = page.locator('[role=alert][data-outcome="try_again"]');
  await told.waitFor();
  assert.ok((await told.innerText()).length > 10, "a sentence says what to do");
  assert.equal(await page.getByText("You are checked in.").count(), 0);
  await noScore(page);
  await act(page, "Use this phone instead");
  await act(page, "Check in with this phone");
  await sees(page, "You are checked in.");
}

async function load(page, awardId) {
  await page.goto(`${page.houseUrl}/driver/#/check-in/${awardId}`);
  await act(page, "Start loading");
  await sees(page, "5 parcels left to load");
  const codes = await page.locator(".parcel code").allInnerTexts();
  assert.equal(new Set(codes).size, 5);
  for (const [i, code] of codes.entries()) {
    await page.getByLabel("Barcode").fill(code);
    await page.getByLabel("Barcode").press("Enter");
    await sees(page, i < 4 ? `${4 - i} parcels left to load` : "Everything is aboard.");
  }
  await act(page, "Drive off");
  await page.getByRole("heading", { name: "Next stop" }).waitFor();
}

async function deliverWithPhoto(page) {
  await act(page, "I am there");
  await link(page, "Deliver");
  await page.locator('video[data-ready="true"]').waitFor();
  await act(page, "Take the photo");
  await page.locator("img.camera").waitFor();
  await picture(page, "driver-proof", true);
  await act(page, "Deliver");
  await page.getByRole("heading", { name: "Next stop" }).waitFor();
}

async function deliverToNeighbour(page) {
  await act(page, "I am there");
  await link(page, "Deliver");
  await page.getByRole("radio", { name: "Neither" }).click();
  await page.getByLabel("Why is there neither photo nor code?").fill("He came down and took it.");
  await page.getByRole("radio", { name: "Neighbour" }).click();
  await act(page, "Deliver");
}

async function cannotDeliver(page, last) {
  await act(page, "I am there");
  await link(page, "Cannot deliver");
  await page.getByLabel("Nobody home").check();
  await sees(page, last ? "The parcels go back to the depot." : "It comes back at the end of the round.");
  await act(page, "Cannot deliver");
}

/** The last stop first, then once more by one place, undone, and driven so. */
async function ownOrder(page) {
  await page.getByText("All stops").click();
  await link(page, "My own order");
  const rows = page.locator(".order li");
  const last = await rows.last().locator(".grow").innerText();
  await rows.last().getByRole("button", { name: /^Earlier/ }).click();
  await act(page, "Undo");
  await rows.last().getByRole("button", { name: /^First/ }).click();
  await picture(page, "driver-order");
  await act(page, "Drive in this order");
  await page.getByRole("heading", { name: "Next stop" }).waitFor();
  await sees(page, last.split(" · ")[0]);
}

async function closeAndRead(page) {
  await act(page, "Hand back 1");
  await link(page, "Close the round");
  await act(page, "Close the round");
  await page.locator("[data-total]").waitFor();
  const shown = Number(await page.locator("[data-total]").getAttribute("data-total"));
  const codes = await page.locator("tr[data-code]").evaluateAll((rows) => rows.map((r) => r.dataset.code));
  assert.ok(codes.includes("block") && codes.includes("stops"), `lines: ${codes}`);
  return shown;
}

async function appeal(page) {
  await act(page, "Something is wrong: appeal");
  await page.locator("textarea[name=appeal]").fill("I waited at the gate before I could load.");
  await act(page, "Send the appeal");
  await sees(page, "Waiting for an answer");
}

// --- the day ---

async function day(house, top, watch) {
  const film = { vera: join(top, "vera.y4m"), door: join(top, "door.y4m") };
  // Who looks straight into the camera in her photograph, and somebody else who does.
  const veraDoes = posesOf(poseFrames, join(deps, "models"), join(deps, "faces/sample5.jpg"), 0, join(top, "vera"));
  const otherDoes = posesOf(poseFrames, join(deps, "models"), join(deps, "faces/sample1.jpg"), 0, join(top, "other"));
  filmOfFace(join(top, "vera/front.jpg"), film.vera);
  filmOfDoor(film.door);
  await checkPolicy(`${house.url}/driver/`);
  await checkPolicy(`${house.url}/console/`);
  await house.prepare();
  const tomorrow = await house.block(24 * 60, 28 * 60, "draw", 180);
  say("the house is open");

  const phone = async (camera) => {
    const p = await openPhone(chromium, top, camera, watch, DEPOT);
    p.page.houseUrl = house.url;
    open.push(p.page);
    return p;
  };
  let vera = await phone(film.vera);
  await signUp(vera.page);
  const me = (await house.get("/v1/drivers")).items[0];
  assert.equal(me.name, "Vera Holm");
  const blocks = [await house.block(3, 57, "direct", 2), await house.block(57, 100, "direct", 2)];
  const awards = [];
  for (const b of blocks) awards.push((await house.award(b, me.id)).id);
  say("she has signed up and holds two blocks");
  await enrol(vera.page);
  await askForOffer(vera.page, tomorrow);
  await photographOpensNothing(vera.page, awards[0]);
  await standBefore(vera.page, veraDoes);
  await vera.page.reload();
  await checkInByFace(vera.page, awards[0]);
  await vera.page.goto(`${house.url}/driver/#/me/models`);
  await sees(vera.page, "What is in the default set");
  await vera.context.close();
  say("enrolled; a photograph of her opens nothing, she herself passes");

  vera = await phone(film.vera);
  await standBefore(vera.page, otherDoes);
  await refusedThenByKey(vera.page, awards[1]);
  await vera.context.close();
  say("another face is refused; the phone's key passes");

  await house.planned(awards[0], 5);
  vera = await phone(film.door);
  const desk = await openDesk(chromium, watch);
  const dispatcher = await desk.sit();
  open.push(dispatcher);
  await load(vera.page, awards[0]);
  await watchMap(dispatcher, house, DEPOT);
  await seesHerMove(dispatcher, vera.context, [{ lat: 57.7061, lon: 11.9676 }]);
  await losesTheStream(dispatcher, () => seesHerMove(dispatcher, vera.context, [{ lat: 57.7057, lon: 11.9684 }]));
  await mapDrawn(vera.page);
  await picture(vera.page, "driver-next-stop");
  say("loaded; the desk's map shows her move");
  await deliverWithPhoto(vera.page);
  await openRound(dispatcher, 1);
  await picture(dispatcher, "console-today");
  await ownOrder(vera.page);
  await cannotDeliver(vera.page, false);
  for (let i = 0; i < 3; i++) await deliverToNeighbour(vera.page);
  await sees(vera.page, "Second attempt");
  await cannotDeliver(vera.page, true);
  await seesHerMove(dispatcher, vera.context, [ELSEWHERE]);
  say("delivered with a photo, to neighbours, and once not at all");

  const total = await closeAndRead(vera.page);
  await picture(vera.page, "driver-statement", true);
  const statement = await house.get(`/v1/statements/${new URL(vera.page.url()).hash.split("/").pop()}`);
  assert.equal(total, statement.total);
  assert.equal(statement.lines.reduce((sum, l) => sum + l.amount, 0), total);
  assert.equal(statement.facts.stops, 6, "every attempt is paid, the two in vain like the others");
  await appeal(vera.page);
  await seesHerGo(dispatcher);
  say("closed, and read what she earned; her place is gone from the map");
  await looksAround(dispatcher);
  say("the desk sees how far a van comes, from the depot and from where it points");
  await placesAddresses(dispatcher, house, watch);
  say("addresses that are not sure are chosen by a person, from a list and on the map");

  const reviewer = await desk.sit();
  open.push(reviewer);
  await decideByKeyboard(reviewer, house, WHY);
  await vera.page.goto(`${house.url}/driver/#/me/decisions`);
  await vera.page.getByRole("link", { name: /by reviewer/ }).click();
  await sees(vera.page, WHY);
  say("a person answered, and she reads the answer");
  const manager = await desk.sit();
  open.push(manager);
  await addsAWebhook(manager, house);
  say("a webhook is added, tried in vain, and tried again");
  await vera.page.goto(`${house.url}/driver/#/me`);
  await picture(vera.page, "driver-my-data");
  for (const context of [vera.context, ...desk.browser.contexts()]) assert.deepEqual(await context.cookies(), []);
  await vera.context.close();
  await desk.browser.close();
}

/** What the pages say when something did not come: without it a time-out tells nothing. */
async function tellPages(pages) {
  for (const page of pages.filter((p) => !p.isClosed()))
    console.error(`--- ${page.url()}\n${await page.locator("body").innerText({ timeout: 2000 }).catch((e) => String(e))}`);
}

const top = mkdtempSync(join(tmpdir(), "waybill-web-"));
const house = await House.open(waybill, deps, top);
const watch = new Watch(house.url);
let ok = false;
try {
  assert.equal(house.ready.faces, true, "the server has no face path");
  await day(house, top, watch);
  assert.deepEqual(watch.wrong, []);
  assert.deepEqual(watch.expected, [], "an answer that was expected did not come");
  assert.ok(watch.seen > 50);
  await house.close();
  ok = true;
  say("nothing left the house, no cookie, no error");
} catch (e) {
  await tellPages(open);
  console.error([...watch.wrong, ...watch.open.values(), house.said()].join("\n"));
  throw e;
} finally {
  if (!ok) {
    await Promise.allSettled(open.map((p) => p.context().close()));
    house.child.kill("SIGKILL");
  }
  if (process.env.KEEP !== "1") rmSync(top, { recursive: true, force: true, maxRetries: 10 });
}
