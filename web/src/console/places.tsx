// Addresses that were not placed: what each could be, on a list and on the map; a person chooses.
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { LazyMap } from "../shared/lazymap";
import type { Pin } from "../shared/map";
import "../shared/map.css";
import type { Place } from "../shared/types";
import { useDesk } from "./desk";

export interface Candidate {
  kind: "address" | "interpolated" | "street" | "place";
  confidence: number;
  text: string;
  place: Place;
  within_m: number;
}
export interface Unplaced {
  line: number;
  detail: string;
  candidates: Candidate[];
  shipment: { reference: string; address: string };
}
export type Picks = Record<string, Place>; // by reference

const KINDS: Record<Candidate["kind"], string> = {
  address: "this address",
  interpolated: "between neighbours",
  street: "the street only",
  place: "the town only",
};

function far(m: number): string {
  return m === 0 ? "" : m < 1000 ? `, door within ${m} m` : `, door within ${(m / 1000).toFixed(1)} km`;
}

const same = (a: Place | undefined, b: Place): boolean => a !== undefined && a.lat === b.lat && a.lon === b.lon;

function Row({ row, active, look, picks, pick }: { row: Unplaced; active: boolean; look: () => void; picks: Picks; pick: (p: Place | null) => void }) {
  const { reference, address } = row.shipment;
  const picked = picks[reference];
  const own = picked !== undefined && !row.candidates.some((c) => same(picked, c.place));
  return (
    <fieldset class={`unplaced ${active ? "active" : ""}`} onFocusIn={look} onClick={look}>
      <legend><b>{address}</b> <span class="soft">line {row.line}, {reference}</span></legend>
      <p class="soft">{row.detail}.</p>
      {row.candidates.map((c, i) => (
        <label class="check" key={i}>
          <input type="radio" name={`place-${reference}`} checked={same(picked, c.place)} onChange={() => pick(c.place)} />
          <span>{active ? `${i + 1}. ` : ""}{c.text} <span class="soft">{KINDS[c.kind]}{far(c.within_m)}; {Math.round(c.confidence * 100)} of 100</span></span>
        </label>
      ))}
      {own && <p class="note good">The place that you pressed on the map: {picked.lat.toFixed(5)}, {picked.lon.toFixed(5)}.</p>}
      {picked !== undefined && <button type="button" class="small" onClick={() => pick(null)}>Leave it out</button>}
    </fieldset>
  );
}

/** `children`: what to do with the choice. */
export function PickPlaces({ rows, picks, change, children }: { rows: Unplaced[]; picks: Picks; change: (p: Picks) => void; children: ComponentChildren }) {
  const { about } = useDesk();
  const [at, look] = useState(0);
  const row = rows[Math.min(at, rows.length - 1)]!;
  const pick = (reference: string, place: Place | null): void => {
    const { [reference]: _, ...rest } = picks;
    change(place === null ? rest : { ...rest, [reference]: place });
  };
  const picked = picks[row.shipment.reference];
  const pins = useMemo((): Pin[] => {
    const list: Pin[] = row.candidates.map((c, i) => ({
      id: `${row.line}-${i}`, place: c.place, text: String(i + 1), kind: same(picked, c.place) ? "chosen" : "stop", label: c.text,
      press: () => pick(row.shipment.reference, c.place),
    }));
    if (picked !== undefined && !row.candidates.some((c) => same(picked, c.place))) list.push({ id: `${row.line}-own`, place: picked, text: "✓", kind: "chosen", label: "The place you chose" });
    return list;
  }, [row, picked]);
  return (
    <section class="card pickplaces" aria-label="Addresses to place">
      <h2>{rows.length === 1 ? "One address is not placed" : `${rows.length} addresses are not placed`}</h2>
      <p>Nothing was guessed. Choose where each one is, or press its door on the map; what you leave out does not come in.</p>
      <div class="two">
        <div class="picklist">
          {rows.map((r, i) => <Row key={r.shipment.reference} row={r} active={r === row} look={() => look(i)} picks={picks} pick={(p) => pick(r.shipment.reference, p)} />)}
        </div>
        {about.map !== null && <div class="pickmap"><LazyMap about={about} pins={pins} lines={[]} fit={`line ${row.line}`} label={`What ${row.shipment.address} could be`} pick={(p) => pick(row.shipment.reference, p)} /></div>}
      </div>
      {children}
    </section>
  );
}
