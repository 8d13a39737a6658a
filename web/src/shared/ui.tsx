// What both pages are made of: loading, problems, money, times, the hash route.
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Offline, Problem } from "./api";

// --- the address behind the # ---

function parts(): string[] {
  return location.hash.replace(/^#\/?/, "").split("/").filter((s) => s !== "").map(decodeURIComponent);
}

export function useRoute(): string[] {
  const [route, setRoute] = useState(parts);
  useEffect(() => {
    const moved = (): void => {
      setRoute(parts());
      scrollTo(0, 0);
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return route;
}

export function go(path: string): void {
  location.hash = `#/${path}`;
}

/** Moves the screen reader to a new page's heading. */
export function Title({ children, back }: { children: ComponentChildren; back?: string }) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => ref.current?.focus({ preventScroll: true }), []);
  return (
    <div class="title">
      {back !== undefined && <a class="button back" href={`#/${back}`} aria-label="←"><span aria-hidden="true">←</span></a>}
      <h1 ref={ref} tabIndex={-1}>{children}</h1>
    </div>
  );
}

// --- loading ---

export interface Loaded<T> {
  value: T | null;
  error: Error | null;
  reload: () => void;
}

/** Loads now and whenever something in `deps` changes; keeps the old value while it does. */
export function useLoad<T>(load: () => Promise<T>, deps: unknown[]): Loaded<T> {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  useEffect(() => {
    let gone = false;
    load().then(
      (v) => {
        if (gone) return;
        setValue(() => v);
        setError(null);
      },
      (e: unknown) => {
        if (!gone) setError(e instanceof Error ? e : new Error(String(e)));
      },
    );
    return () => {
      gone = true;
    };
  }, [...deps, turn]);
  return { value, error, reload };
}

export function words(e: unknown): string {
  return e instanceof Problem || e instanceof Offline ? e.message : e instanceof Error ? e.message : String(e);
}

export function Trouble({ error }: { error: unknown }) {
  return error === null || error === undefined ? null : <p class="note bad" role="alert">{words(error)}</p>;
}

export function Wait({ of, children }: { of: Loaded<unknown>; children?: ComponentChildren }) {
  if (of.value !== null) return <>{children}</>;
  return of.error !== null ? <Trouble error={of.error} /> : <p class="soft" aria-busy="true">…</p>;
}

/** A button that does one thing at a time and says what went wrong beside itself. */
export function Act({ run, children, class: style, disabled, describe, type = "button" }: {
  run: () => Promise<void> | void; children: ComponentChildren; class?: string; disabled?: boolean; type?: "button" | "submit";
  describe?: (e: unknown) => string;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const alive = useRef(true);
  useEffect(() => () => {
    alive.current = false;
  }, []);
  const press = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await run();
    } catch (e) {
      if (alive.current) setError(describe?.(e) ?? words(e));
    }
    if (alive.current) setBusy(false);
  };
  return (
    <>
      {error !== null && <p class="note bad" role="alert">{error}</p>}
      <button type={type} class={style} disabled={busy || disabled === true} aria-busy={busy} onClick={() => void press()}>{children}</button>
    </>
  );
}

export function Field({ label, children, hint }: { label: ComponentChildren; children: ComponentChildren; hint?: ComponentChildren }) {
  return (
    <label>
      <span>{label}</span>
      {children}
      {hint !== undefined && <small class="soft">{hint}</small>}
    </label>
  );
}

/** One of a few, side by side; arrow keys move, as in any group of radio buttons. */
export function Segments<T extends string>({ label, options, value, choose }: { label: string; options: [T, string][]; value: T; choose: (v: T) => void }) {
  const move = (e: KeyboardEvent): void => {
    const by = e.key === "ArrowRight" || e.key === "ArrowDown" ? 1 : e.key === "ArrowLeft" || e.key === "ArrowUp" ? -1 : 0;
    if (by === 0) return;
    e.preventDefault();
    const at = (options.findIndex((o) => o[0] === value) + by + options.length) % options.length;
    choose(options[at]![0]);
    ((e.currentTarget as HTMLElement).children[at] as HTMLElement).focus();
  };
  return (
    <div class="segments" role="radiogroup" aria-label={label} onKeyDown={move}>
      {options.map(([v, text]) => <button key={v} type="button" role="radio" aria-checked={v === value} tabIndex={v === value ? 0 : -1} onClick={() => choose(v)}>{text}</button>)}
    </div>
  );
}

// --- numbers and times, in the operator's zone ---

export interface Money {
  minor: number;
  currency: string;
}

export class Format {
  constructor(readonly locale: string, readonly zone: string) {}

  money(m: Money): string {
    const f = new Intl.NumberFormat(this.locale, { style: "currency", currency: m.currency });
    const digits = f.resolvedOptions().maximumFractionDigits ?? 2;
    return f.format(m.minor / 10 ** digits);
  }
  private when(at: string | number, options: Intl.DateTimeFormatOptions): string {
    return new Intl.DateTimeFormat(this.locale, { timeZone: this.zone, ...options }).format(new Date(at));
  }
  time(at: string | number): string {
    return this.when(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }
  day(at: string | number): string {
    return this.when(at, { weekday: "long", day: "numeric", month: "long" });
  }
  shortDay(at: string | number): string {
    return this.when(at, { weekday: "short", day: "numeric", month: "short" });
  }
  stamp(at: string | number): string {
    return `${this.shortDay(at)} ${this.time(at)}`;
  }
  /** 2026-11-22, on the operator's wall. */
  date(at: string | number): string {
    return new Intl.DateTimeFormat("en-CA", { timeZone: this.zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
  }
  number(n: number, digits = 0): string {
    return new Intl.NumberFormat(this.locale, { maximumFractionDigits: digits }).format(n);
  }
  distance(m: number): string {
    return m < 950 ? `${this.number(Math.round(m / 10) * 10)} m` : `${this.number(m / 1000, 1)} km`;
  }
  /** To the second, for sums that somebody does again. */
  exactly(s: number): string {
    const parts = [[Math.floor(s / 3600), "h"], [Math.floor(s / 60) % 60, "min"], [s % 60, "s"]] as const;
    return parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(" ") || "0 s";
  }
  duration(s: number): string {
    if (s < 60) return `${Math.round(s)} s`;
    const min = Math.round(s / 60);
    return min < 60 ? `${min} min` : `${Math.floor(min / 60)} h ${String(min % 60).padStart(2, "0")} min`;
  }
}

/** A wall time of a zone ("2026-11-22T07:00") as an instant. */
export function fromWall(wall: string, zone: string): string {
  const guess = Date.parse(`${wall}:00Z`);
  const shown = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(guess);
  const offset = Date.parse(`${shown.replace(" ", "T")}Z`) - guess;
  return new Date(guess - offset).toISOString();
}

// --- bytes ---

export function toBase64(bytes: Uint8Array): string {
  let s = "";
  for (let i = 0; i < bytes.length; i += 0x8000) s += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(s);
}

export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export async function blobBase64(blob: Blob): Promise<string> {
  return toBase64(new Uint8Array(await blob.arrayBuffer()));
}

export function save(name: string, text: string, type = "application/json"): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  URL.revokeObjectURL(url);
}
