// What this phone keeps: its key (which cannot leave it), the last round it saw,
// numbers it put into draws, and what it has not been able to send yet.
import { Client, Offline, Problem } from "../shared/api";
import { blobBase64, toBase64Url } from "../shared/ui";

interface Identity {
  device_id: string;
  driver_id: string;
  keys: CryptoKeyPair;
}

export interface Unsent {
  seq?: number;
  path: string;
  body: unknown;
  key: string;
  what: string;
  stop: string | null;
}

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const ask = indexedDB.open("waybill", 1);
    ask.onupgradeneeded = () => {
      ask.result.createObjectStore("kept");
      ask.result.createObjectStore("unsent", { keyPath: "seq", autoIncrement: true });
    };
    ask.onsuccess = () => resolve(ask.result);
    ask.onerror = () => reject(ask.error ?? new Error("no storage"));
  });
  return opened;
}

async function store<T>(name: "kept" | "unsent", mode: IDBTransactionMode, act: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const tx = (await open()).transaction(name, mode);
  const ask = act(tx.objectStore(name));
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve(ask.result);
    tx.onabort = tx.onerror = () => reject(tx.error ?? new Error("no storage"));
  });
}

export function keep(name: string, value: unknown): Promise<unknown> {
  return store("kept", "readwrite", (s) => s.put(value, name));
}

export async function kept<T>(name: string): Promise<T | null> {
  return ((await store("kept", "readonly", (s) => s.get(name) as IDBRequest<T | undefined>)) ?? null) as T | null;
}

/** What the server says now; without a connection, what it said last. */
export async function lastSaid<T>(client: Client, path: string): Promise<T> {
  try {
    const value = await client.get<T>(path);
    await keep(`said ${path}`, value);
    return value;
  } catch (e) {
    if (!(e instanceof Offline)) await keep(`said ${path}`, null); /* it is not so any more */
    const old = await kept<T>(`said ${path}`);
    if (old === null) throw e;
    return old;
  }
}

/** Nothing of her stays in this browser. */
export async function forget(): Promise<void> {
  sessionStorage.clear();
  await store("kept", "readwrite", (s) => s.clear());
  await store("unsent", "readwrite", (s) => s.clear());
}

// --- the key ---

interface Challenge {
  challenge: string;
  message: string;
}

async function sign(keys: CryptoKeyPair, message: string): Promise<string> {
  const bytes = await crypto.subtle.sign("Ed25519", keys.privateKey, new TextEncoder().encode(message));
  return toBase64Url(new Uint8Array(bytes));
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
}

export async function answer(client: Client, about: { device_id?: string; award_id?: string }): Promise<{ challenge: string; signature: string }> {
  const me = await kept<Identity>("identity");
  if (me === null) throw new Error("this phone has no key");
  const c = await client.post<Challenge>("/v1/driver/challenge", about);
  return { challenge: c.challenge, signature: await sign(me.keys, c.message) };
}

/** Frames for a challenge, and this phone's word over it and over each of them in order. */
export async function answerFrames(c: Challenge, frames: Blob[]): Promise<{ challenge: string; signature: string; pictures: string[] }> {
  const me = await kept<Identity>("identity");
  if (me === null) throw new Error("this phone has no key");
  const hashes = await Promise.all(frames.map(async (f) => hex(await crypto.subtle.digest("SHA-256", await f.arrayBuffer()))));
  return {
    challenge: c.challenge, signature: await sign(me.keys, [c.message, ...hashes].join("\n")),
    pictures: await Promise.all(frames.map(blobBase64)),
  };
}

// --- pictures of a check that a person was asked about: for an appeal, and nowhere but here ---

const FRAMES = "check frames";
const FRAMES_DAYS = 30; // an appeal may be made this long
const FRAMES_AN_APPEAL = 3;

interface Frames {
  check: string;
  at: number;
  pictures: string[];
}

/** A person was asked about this check: later tries of the same one are not what she looks at. */
export async function keepFrames(check: string, pictures: string[]): Promise<void> {
  if ((await kept<Frames>(FRAMES))?.check !== check) await keep(FRAMES, { check, at: Date.now(), pictures: pictures.slice(0, FRAMES_AN_APPEAL) } satisfies Frames);
}

export async function keptFrames(): Promise<string[]> {
  const f = await kept<Frames>(FRAMES);
  if (f === null) return [];
  if (Date.now() - f.at < FRAMES_DAYS * 86_400_000) return f.pictures;
  await keep(FRAMES, null);
  return [];
}

export interface SignUp {
  name: string;
  birth_date: string;
  phone: string | null;
  email: string | null;
  language: string;
  vehicle: { kind: string; capacity_g: number; capacity_ml: number };
}

export async function signUp(client: Client, who: SignUp): Promise<void> {
  const keys = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  const key = toBase64Url(new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey)));
  const c = await client.post<Challenge>("/v1/driver/challenge", {});
  const made = await client.post<{ driver_id: string; device_id: string; token: string }>("/v1/drivers", {
    ...who, device: { public_key: key, label: "phone" }, challenge: c.challenge, signature: await sign(keys, c.message),
  });
  await keep("identity", { device_id: made.device_id, driver_id: made.driver_id, keys } satisfies Identity);
  hold(client, made.token);
}

function hold(client: Client, token: string): void {
  client.token = token;
  sessionStorage.setItem("driver-token", token);
}

/** True: signed in, by the token of this tab or by the phone's key. */
export async function enter(client: Client): Promise<boolean> {
  const me = await kept<Identity>("identity");
  if (me === null) return false;
  client.token = sessionStorage.getItem("driver-token");
  if (client.token !== null) return true;
  const signed = await answer(client, { device_id: me.device_id });
  const s = await client.post<{ token: string }>("/v1/driver/session", { device_id: me.device_id, ...signed });
  hold(client, s.token);
  return true;
}

// --- what could not be sent yet ---

export class Outbox {
  private sending = false;
  unsent: Unsent[] = [];
  onChange: () => void = () => undefined;
  onRefused: (what: string, why: string) => void = () => undefined;

  constructor(private readonly client: Client) {}

  async load(): Promise<void> {
    this.unsent = await store("unsent", "readonly", (s) => s.getAll() as IDBRequest<Unsent[]>);
    this.onChange();
  }

  /** Sends now; without a connection, or behind what waits already, it is kept and null comes back. */
  async send<T>(path: string, body: unknown, what: string, stop: string | null = null): Promise<T | null> {
    const key = crypto.randomUUID();
    if (this.unsent.length === 0) {
      try {
        return await this.client.post<T>(path, body, key);
      } catch (e) {
        if (!(e instanceof Offline)) throw e;
      }
    }
    await store("unsent", "readwrite", (s) => s.add({ path, body, key, what, stop } satisfies Unsent));
    await this.load();
    void this.flush();
    return null;
  }

  /** In the order it happened; a refusal is told and does not hold up the rest. */
  async flush(): Promise<void> {
    if (this.sending || this.client.token === null) return;
    this.sending = true;
    try {
      for (let first = this.unsent[0]; first !== undefined; first = this.unsent[0]) {
        try {
          await this.client.post(first.path, first.body, first.key);
        } catch (e) {
          if (!(e instanceof Problem) || e.body.status === 401 || e.body.status >= 500 || e.body.status === 429) return;
          this.onRefused(first.what, e.message);
        }
        const seq = first.seq;
        await store("unsent", "readwrite", (s) => s.delete(seq!));
        await this.load();
      }
    } finally {
      this.sending = false;
    }
  }
}

// --- where it is ---

export function whereAmI(): Promise<GeolocationPosition> {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(resolve, reject, { enableHighAccuracy: true, timeout: 20000, maximumAge: 5000 });
  });
}

const TURN_MS = 4000; // between two looks at what is to be sent
const SEND_MS = 15_000; // after that a message of places is given up and sent again

interface Fix {
  at: string;
  place: { lat: number; lon: number };
  accuracy_m: number;
  speed_mps?: number;
}

const ignore = (): void => undefined;
const here = (p: GeolocationPosition): { lat: number; lon: number } => ({ lat: p.coords.latitude, lon: p.coords.longitude });

function follow(take: (p: GeolocationPosition) => void): () => void {
  const id = navigator.geolocation.watchPosition(take, ignore, { enableHighAccuracy: true, maximumAge: 2000 });
  return () => navigator.geolocation.clearWatch(id);
}

/** Tells the page alone where the phone is. */
export function watch(moved: (p: { lat: number; lon: number }) => void): () => void {
  return follow((p) => moved(here(p)));
}

/** Reports where the phone is while a round is open; the caller ends it with the round.
 *  A phone that lies still tells its place once, and its first word may be lost or, by this clock, lie a moment
 *  before the round's beginning: until the server has stored one, the last place known is said again. */
export function report(client: Client, moved: (p: { lat: number; lon: number }) => void, ahead_ms: number): () => void {
  let waiting: Fix[] = [];
  let last: GeolocationPosition | null = null;
  let sending = false;
  let stored = false;
  const send = async (): Promise<void> => {
    if (sending || waiting.length === 0) return;
    sending = true;
    const batch = waiting.slice(0, 500);
    try {
      const r = await client.send<{ stored: number }>("POST", "/v1/driver/positions", { positions: batch }, { patience_ms: SEND_MS });
      waiting = waiting.slice(batch.length);
      stored ||= r.stored > 0;
    } catch (e) {
      if (e instanceof Problem && e.body.status < 500) waiting = waiting.slice(batch.length);
    } finally {
      sending = false;
    }
  };
  const say = (p: GeolocationPosition): void => {
    const fix: Fix = { at: new Date(Date.now() + ahead_ms).toISOString(), place: here(p), accuracy_m: p.coords.accuracy };
    if (p.coords.speed !== null && Number.isFinite(p.coords.speed)) fix.speed_mps = p.coords.speed;
    waiting.push(fix);
    waiting = waiting.slice(-2000);
  };
  const take = (p: GeolocationPosition): void => {
    last = p;
    say(p);
    moved(here(p));
    if (waiting.length === 1) void send();
  };
  const unfollow = follow(take);
  const timer = setInterval(() => {
    if (last === null) navigator.geolocation.getCurrentPosition(take, ignore, { enableHighAccuracy: true, timeout: TURN_MS, maximumAge: TURN_MS });
    else if (!stored && waiting.length === 0) say(last);
    void send();
  }, TURN_MS);
  return () => {
    unfollow();
    clearInterval(timer);
    void send();
  };
}
