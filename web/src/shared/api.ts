// The one way to the server: JSON in, JSON out, problems as exceptions.

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail?: string;
  reason?: string;
  hint?: string;
}

export class Problem extends Error {
  constructor(readonly body: ProblemBody) {
    super(body.detail ?? body.title);
  }
  get reason(): string {
    return this.body.reason ?? "";
  }
}

/** The network is not there: what was to be sent can be sent later. */
export class Offline extends Error {}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export class Client {
  token: string | null = null;
  /** Called when the server no longer knows the token. */
  onSignedOut: () => void = () => undefined;

  /** patience_ms: after that it counts as not sent. Without it the browser's own patience, which is long. */
  async send<T>(method: string, path: string, body?: unknown, options: { key?: string; raw?: Blob; type?: string; patience_ms?: number } = {}): Promise<T> {
    const headers = new Headers({ Accept: "application/json" });
    if (this.token !== null) headers.set("Authorization", `Bearer ${this.token}`);
    if (options.raw !== undefined) headers.set("Content-Type", options.type ?? "application/octet-stream");
    else if (body !== undefined) headers.set("Content-Type", "application/json");
    if (method !== "GET") headers.set("Idempotency-Key", options.key ?? crypto.randomUUID());
    const init: RequestInit = { method, headers, credentials: "omit", cache: "no-store" };
    if (options.raw !== undefined) init.body = options.raw;
    else if (body !== undefined) init.body = JSON.stringify(body);
    if (options.patience_ms !== undefined) init.signal = AbortSignal.timeout(options.patience_ms);
    let response: Response;
    let text: string;
    try {
      response = await fetch(path, init);
      text = await response.text();
    } catch {
      throw new Offline(document.documentElement.lang === "sv" ? "Ingen anslutning" : "No connection");
    }
    const value: unknown = text === "" ? {} : JSON.parse(text);
    if (!response.ok) {
      if (response.status === 401) this.onSignedOut();
      throw new Problem(value as ProblemBody);
    }
    return value as T;
  }

  get<T>(path: string): Promise<T> {
    return this.send<T>("GET", path);
  }
  post<T>(path: string, body: unknown = {}, key?: string): Promise<T> {
    return this.send<T>("POST", path, body, key === undefined ? {} : { key });
  }

  /** Server-sent events over fetch, so that the token stays in a header. Resumes by itself until aborted.
   *  The first of each connection is "connected": what happened before it was not heard. `lost`: it broke, or did not come about.
   *  A connection that says nothing, not even the server's sign of life, is taken for dead. */
  async follow(path: string, signal: AbortSignal, each: (kind: string, data: Json, id: string) => void, lost: () => void = () => undefined): Promise<void> {
    let last = "";
    while (!signal.aborted) {
      const silence = new Silence(signal);
      try {
        const headers = new Headers({ Accept: "text/event-stream" });
        if (this.token !== null) headers.set("Authorization", `Bearer ${this.token}`);
        if (last !== "") headers.set("Last-Event-ID", last);
        const response = await fetch(path, { headers, signal: silence.signal, credentials: "omit", cache: "no-store" });
        if (response.status === 401) {
          this.onSignedOut();
          return;
        }
        if (response.ok && response.body !== null) {
          each("connected", null, last);
          await readEvents(response.body, (kind, data, id) => {
            last = id ?? last;
            each(kind, data, last);
          }, () => silence.broken());
        }
      } catch {
        if (signal.aborted) return;
      } finally {
        silence.end();
      }
      lost();
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

/** Three times the pause after which the server says at least that it lives. */
const SILENCE_MS = 45_000;

/** Ends what waits too long for a word: a network that has changed leaves connections open that nobody answers any more. */
class Silence {
  private readonly own = new AbortController();
  private readonly stop = (): void => this.own.abort();
  private timer = setTimeout(this.stop, SILENCE_MS);
  constructor(private readonly outer: AbortSignal) {
    outer.addEventListener("abort", this.stop);
  }
  get signal(): AbortSignal {
    return this.own.signal;
  }
  broken(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.stop, SILENCE_MS);
  }
  end(): void {
    clearTimeout(this.timer);
    this.outer.removeEventListener("abort", this.stop);
  }
}

/** `each`'s id is null where the event brought none. */
async function readEvents(body: ReadableStream<Uint8Array>, each: (kind: string, data: Json, id: string | null) => void, heard: () => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard();
    buffer += value;
    for (let end = buffer.indexOf("\n\n"); end >= 0; end = buffer.indexOf("\n\n")) {
      const block = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      let kind = "message";
      let data = "";
      let id: string | null = null;
      for (const line of block.split("\n")) {
        if (line.startsWith("id:")) id = line.slice(3).trim();
        else if (line.startsWith("event:")) kind = line.slice(6).trim();
        else if (line.startsWith("data:")) data += line.slice(5).trim();
      }
      if (data !== "") each(kind, JSON.parse(data) as Json, id);
    }
  }
}
