// What every page of the console needs: who sits here, the stream of events, small words.
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Client } from "../shared/api";
import type { About, Station } from "../shared/types";
import { Field, type Format, fromWall } from "../shared/ui";

export type Role = "admin" | "dispatcher" | "reviewer" | "representative" | "auditor";
export interface Staff {
  id: string;
  name: string;
  role: Role;
}
export interface Desk {
  client: Client;
  f: Format;
  about: About;
  staff: Staff;
  stations: Station[];
  news: number; // grows with the operator's events, gathered
  today: string;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  return useContext(DeskContext)!;
}

export function may(staff: Staff, what: "dispatch" | "review" | "cosign" | "audit" | "manage"): boolean {
  const who: Record<typeof what, Role[]> = {
    manage: ["admin"], dispatch: ["admin", "dispatcher"], review: ["admin", "reviewer"], cosign: ["representative"], audit: ["representative", "auditor"],
  };
  return who[what].includes(staff.role);
}

/** "not_awarded" reads better without its punctuation. */
export function plain(word: string): string {
  const s = word.replace(/[._]/g, " ");
  return s.charAt(0).toUpperCase() + s.slice(1);
}

export function station(desk: Desk, id: string): string {
  return desk.stations.find((s) => s.id === id)?.name ?? id;
}

/** Grows every few seconds while the page is looked at; 0: not at all. */
export function useTick(ms: number): number {
  const [n, setN] = useState(0);
  useEffect(() => {
    if (ms === 0) return;
    const timer = setInterval(() => {
      if (!document.hidden) setN((x) => x + 1);
    }, ms);
    return () => clearInterval(timer);
  }, [ms]);
  return n;
}

/** A date so many days on. */
export function daysOn(date: string, days: number): string {
  const d = new Date(`${date}T12:00:00Z`);
  d.setUTCDate(d.getUTCDate() + days);
  return d.toISOString().slice(0, 10);
}

export function Day({ date, change }: { date: string; change: (date: string) => void }) {
  const move = (days: number): void => change(daysOn(date, days));
  return (
    <div class="row day">
      <button type="button" aria-label="The day before" onClick={() => move(-1)}>←</button>
      <input type="date" aria-label="Day" value={date} onChange={(e) => e.currentTarget.value !== "" && change(e.currentTarget.value)} />
      <button type="button" aria-label="The day after" onClick={() => move(1)}>→</button>
    </div>
  );
}

/** The date of a suspension. */
export function AskedAgain({ value, change }: { value: string; change: (date: string) => void }) {
  return (
    <Field label="Asked about again on" hint="A person decides then, too; nothing ends by itself. May stay empty: then nobody is asked.">
      <input name="until" type="date" value={value} onInput={(e) => change(e.currentTarget.value)} />
    </Field>
  );
}

/** What a verdict says of it: eight in the morning of that day, or nothing. */
export function askedAgainAt(date: string, zone: string): { until?: string } {
  return date === "" ? {} : { until: fromWall(`${date}T08:00`, zone) };
}

/** Own words, long enough to mean something; she reads them. */
export function Reasoning({ value, change, label }: { value: string; change: (s: string) => void; label: string }) {
  const left = 20 - value.trim().length;
  return (
    <label>
      <span>{label}</span>
      <textarea name="reasoning" rows={4} maxLength={4000} value={value} onInput={(e) => change(e.currentTarget.value)} />
      <small class="soft">{left > 0 ? `In your own words; ${left} more characters. ` : "In your own words. "}The driver reads this, with your name.</small>
    </label>
  );
}
