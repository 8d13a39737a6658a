// How far a van comes from a station or a place on the map, at the pace of this hour.
import { useState } from "preact/hooks";
import type { Bands } from "../shared/map";
import type { Place } from "../shared/types";
import { Trouble, useLoad } from "../shared/ui";
import { may, useDesk } from "./desk";

type Reach = Bands & { from: { location: [number, number]; street: string } };

const SPANS = ["5,10,15", "10,20,30", "15,30,45"];

/** What the card asked for; `picking`: the next press on the map says from where. */
export interface Asking {
  station: string; // "": a place
  place: Place | null;
  minutes: string;
  picking: boolean;
}

function pathOf(a: Asking): string | null {
  if (a.station !== "") return `/v1/reach?station_id=${a.station}&minutes=${a.minutes}`;
  return a.place === null ? null : `/v1/reach?lat=${a.place.lat.toFixed(6)}&lon=${a.place.lon.toFixed(6)}&minutes=${a.minutes}`;
}

export function useReach() {
  const { client } = useDesk();
  const [asking, ask] = useState<Asking>({ station: "", place: null, minutes: SPANS[0]!, picking: false });
  const path = pathOf(asking);
  const loaded = useLoad<Reach | null>(async () => (path === null ? null : client.get<Reach>(path)), [path]);
  return { asking, ask, path, loaded, shown: path === null ? null : loaded.value };
}

export function ReachCard({ reach }: { reach: ReturnType<typeof useReach> }) {
  const desk = useDesk();
  const { asking, ask, path, loaded, shown } = reach;
  if (!may(desk.staff, "dispatch") || desk.about.map === null) return null;
  const from = asking.station !== "" ? asking.station : asking.place !== null || asking.picking ? "place" : "";
  const choose = (value: string): void => ask({ ...asking, station: value === "place" ? "" : value, place: null, picking: value === "place" });
  return (
    <section class="card reach" aria-live="polite">
      <h2>Within reach</h2>
      <div class="grid">
        <label>
          <span>From</span>
          <select value={from} onChange={(e) => choose(e.currentTarget.value)}>
            <option value="">nowhere</option>
            {desk.stations.map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}
            <option value="place">a place on the map</option>
          </select>
        </label>
        <label>
          <span>Minutes</span>
          <select value={asking.minutes} onChange={(e) => ask({ ...asking, minutes: e.currentTarget.value })}>
            {SPANS.map((s) => <option key={s} value={s}>{s.replaceAll(",", ", ")}</option>)}
          </select>
        </label>
      </div>
      {asking.picking && <p class="soft">Press a street on the map, or move it with the arrow keys and press Enter for its middle.</p>}
      <Trouble error={path === null ? null : loaded.error} />
      {shown !== null && (
        <>
          <p class="soft">{shown.from.street === "" ? "From the marked place" : `From ${shown.from.street}`}, driven at the pace of this hour, the last 100 m on foot.</p>
          <table>
            <thead><tr><th>Minutes</th><th class="right">Streets</th><th class="right">Area</th></tr></thead>
            <tbody>
              {[...shown.features].reverse().map(({ properties: b }) => (
                <tr key={b.minutes}><td class="num">{b.minutes}</td><td class="num right">{Math.round(b.street_km)} km</td><td class="num right">{b.area_km2.toFixed(1)} km²</td></tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}
