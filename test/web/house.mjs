// A Waybill of the test's own, in the real city, on the wall clock; and the
// people of its desk, who prepare the day through the API.
import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MIN = 60_000;
const wallHour = (zone) => Number(new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", hourCycle: "h23" }).format());
/** Of the operator. An hour to the west where midnight is near: then the day is one day here, too. */
export const ZONE = wallHour("Europe/Stockholm") === 23 ? "Europe/Lisbon" : "Europe/Stockholm";
export const DEPOT = { lat: 57.7065, lon: 11.967 };

// Street corners around the depot, all within a kilometre: nobody who moves
// between them at once is taken for a phone that lies.
const PLACES = [
  ["Vallgatan 12", 57.7052, 11.9637], ["Kungsgatan 41", 57.7041, 11.9665], ["Drottninggatan 30", 57.7058, 11.9685],
  ["Östra Hamngatan 17", 57.7071, 11.9683], ["Södra Hamngatan 45", 57.7066, 11.9715],
];

export class House {
  static async open(waybill, deps, top) {
    const road = join(top, "city.road");
    const dir = join(top, "data");
    const run = (...args) => execFileSync(waybill, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    run("road", "import", join(deps, "city/large-network.json"), "-o", road);
    const made = JSON.parse(run("init", dir, "--passphrase", "violet-anchor-17-miles", "--roads", road, "--name", "Göteborgs Bud",
      "--place", `${DEPOT.lat},${DEPOT.lon}`, "--station", "Nordstan", "--address", "Nordstadstorget 1, Göteborg",
      "--zone", ZONE, "--country", "SE", "--currency", "SEK"));
    const log = join(top, "serve.log");
    const child = spawn(waybill, ["serve", "--data", dir, "--listen", "127.0.0.1:0", "--models", join(deps, "models"), "--limits", "off", "--webhooks", "loopback"],
      { stdio: ["ignore", "pipe", openSync(log, "a")] });
    const line = await new Promise((resolve) => {
      createInterface({ input: child.stdout }).once("line", resolve).once("close", () => resolve(null));
    });
    assert.ok(line, `the server did not start:\n${readFileSync(log, "utf8")}`);
    return new House(JSON.parse(line), made, child, log);
  }

  constructor(ready, made, child, log) {
    Object.assign(this, { url: ready.url, ready, made, child, log, tokens: {} });
  }

  async call(method, path, body, who = "admin", status = 0) {
    const headers = { "Content-Type": "application/json" };
    if (this.tokens[who] !== undefined) headers.Authorization = `Bearer ${this.tokens[who]}`;
    const answer = await fetch(this.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(status === 0 ? answer.ok : answer.status === status, `${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? {} : JSON.parse(text);
  }

  get(path, who) {
    return this.call("GET", path, undefined, who);
  }

  async hire(role) {
    const name = `${role}@bud.example`;
    const passphrase = `the ${role} of this test`;
    await this.call("POST", "/v1/staff", { name: role, email: name, role, passphrase });
    this.tokens[role] = (await this.call("POST", "/v1/staff/login", { name, passphrase }, "nobody")).token;
    return { name, passphrase };
  }

  /** Staff, a programme with faces that its representative signed, parcels at the station. */
  async prepare() {
    this.tokens.admin = (await this.call("POST", "/v1/staff/login", { name: "admin", passphrase: this.made.passphrase }, "nobody")).token;
    this.manager = { name: "admin", passphrase: this.made.passphrase };
    this.dispatcher = await this.hire("dispatcher");
    this.reviewer = await this.hire("reviewer");
    await this.hire("representative");
    const path = `/v1/programmes/${this.made.programme_id}`;
    const policy = await this.call("PUT", path, { face: {
      enabled: true, lights: true, lawful_basis: "GDPR Art. 9(2)(a), with the device path as an equal alternative", dpia_reference: "DPIA 2026-11",
    } });
    await this.call("POST", `${path}/cosign`, { version: policy.version, agree: true, words: "As long as nobody is asked for her face." }, "representative");
    const today = new Date().toLocaleDateString("sv-SE", { timeZone: ZONE });
    const around = (minutes) => new Date(Date.now() + minutes * MIN).toISOString(); // whatever the hour of the test
    await this.call("POST", "/v1/shipments", { station_id: this.made.station_id, shipments: PLACES.map(([address, lat, lon], i) => ({
      reference: `BUD-${i + 1}`, recipient: { name: ["Åsa Lindqvist", "Oskar Öberg", "Fatima Haddad", "Mei Chen", "Amara Okafor"][i], phone: "+46701234567" },
      address: `${address}, Göteborg`, place: { lat, lon }, due_date: today, earliest: around(-60), latest: around(240), service_s: 90, proof: "any", notes: i === 0 ? "The bell is broken: knock." : null,
      parcels: [{ barcode: `BUD${String(i + 1).padStart(6, "0")}`, weight_g: 1200 + 300 * i, volume_ml: 4000 }],
    })) });
    const moved = await this.call("POST", `/v1/stations/${this.made.station_id}/receive`, { date: today });
    assert.equal(moved.received, PLACES.length);
  }

  /** A block from `from` to `to` minutes from now. */
  block(from, to, rule, closes, more = {}) {
    const at = (minutes) => new Date(Math.floor(Date.now() / MIN) * MIN + minutes * MIN).toISOString();
    return this.call("POST", "/v1/blocks", {
      programme: this.made.programme_id, station: this.made.station_id, pay_plan: this.made.pay_plan_id, units: rule === "direct" ? 1 : 3, rule,
      starts: at(from), ends: at(to), requests_close: at(closes),
      terms: { pay: { minor: 42000, currency: "SEK" }, stops: { min: 4, max: 12 }, distance_m: { min: 3000, max: 9000 }, rest_h: 8, ...more },
    }, "dispatcher");
  }

  award(block, driver) {
    return this.call("POST", `/v1/blocks/${block.id}/award`, { driver_id: driver, reasoning: "She asked at the counter, and the van is hers." }, "dispatcher");
  }

  /** Her round is planned: it was asked for with the award. */
  async planned(award, stops) {
    for (;;) {
      const today = (await this.get(`/v1/duties`)).items.find((d) => d.award_id === award);
      if (today !== undefined) return assert.equal(today.stops_total, stops);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  said() {
    return `the server's log: ${readFileSync(this.log, "utf8")}`;
  }

  async close() {
    if (this.child.exitCode !== null) throw new Error(`the server died:\n${readFileSync(this.log, "utf8")}`);
    const code = await new Promise((resolve) => {
      this.child.once("exit", resolve);
      this.child.kill("SIGTERM");
    });
    assert.equal(code, 0, `the server ended with ${code}:\n${readFileSync(this.log, "utf8")}`);
  }
}
