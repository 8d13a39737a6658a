// The depot now: blocks, rounds under way with their progress, parcels, and the live map.
// A driver's place is there while her round is open, and nowhere else.
import { useEffect, useMemo, useState } from "preact/hooks";
import { LazyMap } from "../shared/lazymap";
import type { Line, Pin } from "../shared/map";
import "../shared/map.css";
import type { Block, Duty, DutyHead, Items, Place } from "../shared/types";
import { Trouble, useLoad, Wait } from "../shared/ui";
import { Day, may, plain, station, useDesk, useTick } from "./desk";
import { ReachCard, useReach } from "./reach";
import { needsAPerson, type Webhook } from "./webhooks";

interface Counts {
  shipments: Record<string, number>;
  parcels: Record<string, number>;
}
interface OfferStatus {
  open: number;
  overdue: { block: string }[];
  unfilled: { block: string; missing: number }[];
}

interface Live {
  duty_id: string;
  last_place: Place;
  last_at: string;
  last_street?: string | null;
}

/** Where vans are, as they move. null: the stream is not there, and the list has to be asked. */
function usePlaces(): Map<string, Live | null> | null {
  const { client } = useDesk();
  const [places, setPlaces] = useState<Map<string, Live | null> | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    void client.follow("/v1/places", stop.signal, (kind, data) => {
      const said = data as unknown as Live;
      setPlaces((was) => (kind === "connected" ? new Map() : new Map(was ?? []).set(said.duty_id, kind === "gone" ? null : said)));
    }, () => setPlaces(null));
    return () => stop.abort();
  }, []);
  return places;
}

/** The list with what was said of each since; a round that has closed has no place. */
function withPlaces(list: DutyHead[], places: Map<string, Live | null> | null): DutyHead[] {
  return list.map((d) => {
    const said = places?.get(d.id);
    if (said === undefined) return d;
    const { last_place: _place, last_at: _at, last_street: _street, ...rest } = d;
    return said === null ? rest : { ...rest, last_place: said.last_place, last_at: said.last_at, ...(said.last_street === undefined ? {} : { last_street: said.last_street }) };
  });
}

function initials(name: string | null): string {
  return (name ?? "?").split(/\s+/).map((w) => w.charAt(0)).slice(0, 2).join("").toUpperCase();
}

/** The street a van is on, where it has a name. */
function street(d: DutyHead, before: string): string {
  return d.last_street === undefined || d.last_street === null || d.last_street === "" ? "" : before + d.last_street;
}

function pinsOf(duties: DutyHead[], chosen: Duty | null, choose: (id: string) => void, depots: Pin[]): Pin[] {
  const pins = [...depots];
  for (const [i, s] of (chosen?.stops ?? []).entries())
    pins.push({ id: s.id, place: s.place, text: String(i + 1), label: `${i + 1}. ${s.shipment.address ?? ""} (${s.state})`, kind: s.state === "failed" ? "failed" : s.state === "open" || s.state === "arrived" ? "stop" : "done" });
  for (const d of duties)
    if (d.last_place !== undefined)
      pins.push({ id: d.id, place: d.last_place, text: initials(d.driver_name), label: `${d.driver_name ?? ""}, ${d.stops_done} of ${d.stops_total}${street(d, ", ")}`, kind: d.id === chosen?.id ? "chosen" : "driver", press: () => choose(d.id) });
  return pins;
}

function linesOf(chosen: Duty | null): Line[] {
  const lines: Line[] = (chosen?.stops ?? []).filter((s) => s.shape !== null).map((s) => ({ shape: s.shape!, part: "rest" }));
  if (chosen !== null && chosen.plan.back_shape !== null) lines.push({ shape: chosen.plan.back_shape, part: "rest" });
  return lines;
}

function DutyRow({ d, chosen, choose }: { d: DutyHead; chosen: boolean; choose: (id: string) => void }) {
  const { f } = useDesk();
  return (
    <li>
      <button type="button" class="dutyrow" aria-pressed={chosen} onClick={() => choose(d.id)}>
        <span class="who"><strong>{d.driver_name}</strong> <span class={`tag ${d.state}`}>{plain(d.state)}</span><span class="soft street">{street(d, "")}</span></span>
        <span class="num soft">{f.time(d.starts_at)}–{f.time(d.ends_at)}</span>
        <progress max={Math.max(1, d.stops_total)} value={d.stops_done} aria-label={`${d.stops_done} of ${d.stops_total} stops`} />
        <span class="num">{d.stops_done}/{d.stops_total}</span>
      </button>
    </li>
  );
}

function DutyDetail({ duty, close }: { duty: Duty; close: () => void }) {
  const { f } = useDesk();
  const late = (eta: string | null, latest: string | null): boolean => eta !== null && latest !== null && Date.parse(eta) > Date.parse(latest);
  return (
    <section class="card detail" aria-live="polite">
      <div class="row"><h2 class="grow">{duty.driver_name}</h2><button type="button" class="small" onClick={close}>Close</button></div>
      <p class="soft">{f.distance(duty.plan.distance_m)} · {f.duration(duty.plan.duration_s)} · she reads that you opened this</p>
      <table>
        <thead><tr><th>#</th><th>Address</th><th>Due</th><th>State</th></tr></thead>
        <tbody>
          {duty.stops.map((s, i) => (
            <tr key={s.id}>
              <td class="num">{i + 1}</td><td>{s.shipment.address}</td>
              <td class={`num ${late(s.eta, s.shipment.window.latest) ? "late" : ""}`}>{s.done_at !== null ? f.time(s.done_at) : s.eta !== null ? f.time(s.eta) : ""}</td>
              <td>{plain(s.state)}{s.reason !== null && <span class="soft"> ({plain(s.reason)})</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Parcels({ counts }: { counts: Counts }) {
  const shown = Object.entries(counts.parcels).filter(([, n]) => n > 0);
  const all = shown.reduce((sum, [, n]) => sum + n, 0);
  return (
    <section class="card">
      <h2>Parcels <span class="num soft">{all}</span></h2>
      {all === 0 && <p class="soft">None for this day. Import a list under Shipments.</p>}
      <dl class="counts">{shown.map(([state, n]) => <div key={state}><dt>{plain(state)}</dt><dd class="num">{n}</dd><progress max={all} value={n} /></div>)}</dl>
    </section>
  );
}

function Attention({ status, blocks, webhooks }: { status: OfferStatus; blocks: Block[]; webhooks: Webhook[] }) {
  const { f } = useDesk();
  const name = (id: string): string => {
    const b = blocks.find((x) => x.id === id);
    return b === undefined ? id.slice(-6) : `${f.shortDay(b.starts)} ${f.time(b.starts)}`;
  };
  if (status.overdue.length + status.unfilled.length + webhooks.length === 0) return null;
  return (
    <section class="card attention">
      <h2>Needs a person</h2>
      <ul>
        {status.overdue.map((o) => <li key={o.block}><a href={`#/blocks/${o.block}`}>{name(o.block)}</a>: its draw is overdue</li>)}
        {status.unfilled.map((u) => <li key={u.block}><a href={`#/blocks/${u.block}`}>{name(u.block)}</a>: {u.missing} without a driver</li>)}
        {webhooks.map((h) => <li key={h.id}><a href="#/setup">{h.label}</a>: this webhook has been switched off</li>)}
      </ul>
    </section>
  );
}

export function Today() {
  const desk = useDesk();
  const { client, about, news } = desk;
  const [date, setDate] = useState(desk.today);
  const [id, choose] = useState<string | null>(null);
  const places = usePlaces();
  const tick = useTick(places === null ? 3000 : 0);
  const duties = useLoad(() => client.get<Items<DutyHead>>(`/v1/duties?date=${date}`), [date, news, tick]);
  const blocks = useLoad(() => client.get<Items<Block>>(`/v1/blocks?date=${date}`), [date, news]);
  const counts = useLoad(() => client.get<Counts>(`/v1/parcel-counts?date=${date}`), [date, news]);
  const status = useLoad(() => client.get<OfferStatus>("/v1/offer-status"), [news]);
  const webhooks = useLoad(async () => (may(desk.staff, "manage") ? (await client.get<Items<Webhook>>("/v1/webhooks")).items.filter(needsAPerson) : []), [news]);
  const one = useLoad<Duty | null>(async () => (id === null ? null : client.get<Duty>(`/v1/duties/${id}`)), [id]);
  const list = useMemo(() => withPlaces(duties.value?.items ?? [], places), [duties.value, places]);
  const chosen = one.value !== null && one.value.id === id ? one.value : null;
  const depots = useMemo((): Pin[] => desk.stations.map((s) => ({ id: s.id, place: s.place, text: "■", label: s.name, kind: "depot" })), [desk.stations]);
  const reach = useReach();
  const from = reach.asking.place;
  const pins = useMemo((): Pin[] => {
    const all = pinsOf(list, chosen, choose, depots);
    return from === null ? all : [...all, { id: "reach", place: from, text: "◎", label: "Within reach from here", kind: "chosen" }];
  }, [list, chosen, depots, from]);
  const { asking, ask } = reach;
  const pick = useMemo(() => (asking.picking ? (place: Place): void => ask({ ...asking, place }) : null), [asking]);
  const open = list.filter((d) => d.state === "loading" || d.state === "driving");
  const rest = list.filter((d) => d.state === "planned" || d.state === "closed");
  return (
    <div class="split">
      <div class="left">
        <div class="row"><h1 class="grow">Today</h1><Day date={date} change={setDate} /></div>
        {status.value !== null && <Attention status={status.value} blocks={blocks.value?.items ?? []} webhooks={webhooks.value ?? []} />}
        <section class="card">
          <h2>Rounds <span class="num soft">{open.length} open, {list.filter((d) => d.state === "closed").length} closed</span></h2>
          <Wait of={duties}>
            {list.length === 0 && <p class="soft">None on this day.</p>}
            <ul class="plain duties">{[...open, ...rest].map((d) => <DutyRow key={d.id} d={d} chosen={d.id === id} choose={choose} />)}</ul>
          </Wait>
        </section>
        <Trouble error={one.error} />
        {chosen !== null && <DutyDetail duty={chosen} close={() => choose(null)} />}
        {counts.value !== null && <Parcels counts={counts.value} />}
        <ReachCard reach={reach} />
        <section class="card">
          <h2>Blocks <span class="num soft">{blocks.value?.items.length ?? 0}</span></h2>
          <table>
            <tbody>{blocks.value?.items.map((b) => (
              <tr key={b.id}><td><a href={`#/blocks/${b.id}`}>{desk.f.time(b.starts)}–{desk.f.time(b.ends)}</a></td><td>{station(desk, b.station)}</td><td class="num">{b.awarded}/{b.units}</td><td>{plain(b.state)}</td></tr>
            ))}</tbody>
          </table>
        </section>
      </div>
      <div class="livemap" data-live={places !== null}><LazyMap about={about} pins={pins} lines={linesOf(chosen)} fit={reach.shown !== null ? reach.path! : (chosen?.id ?? `all ${open.some((d) => d.last_place !== undefined)}`)} label="Rounds that are open" bands={reach.shown} pick={pick} /></div>
    </div>
  );
}
