// Blocks: what is offered, published with its terms; who got it and how that can be checked.
import { useState } from "preact/hooks";
import type { Block, Items } from "../shared/types";
import { Act, Field, fromWall, go, save, useLoad, Wait } from "../shared/ui";
import { Day, may, plain, Reasoning, station, useDesk } from "./desk";

interface Programme {
  id: string;
  name: string;
}
interface Plan {
  id: string;
  version: number;
  name: string;
  currency: string;
  rules: Record<string, number>;
}

export function Blocks() {
  const desk = useDesk();
  const { client, f, news, staff } = desk;
  const [date, setDate] = useState(desk.today);
  const list = useLoad(() => client.get<Items<Block>>(`/v1/blocks?date=${date}`), [date, news]);
  return (
    <>
      <div class="row"><h1 class="grow">Blocks</h1><Day date={date} change={setDate} />{may(staff, "dispatch") && <a class="button primary" href="#/blocks/new">Publish a block</a>}</div>
      <Wait of={list}>
        {list.value?.items.length === 0 && <p class="card">No blocks on this day.</p>}
        <table class="card">
          <thead><tr><th>Time</th><th>Station</th><th>Given by</th><th>Drivers</th><th>Requests close</th><th>State</th></tr></thead>
          <tbody>{list.value?.items.map((b) => (
            <tr key={b.id}>
              <td><a href={`#/blocks/${b.id}`}>{f.time(b.starts)}–{f.time(b.ends)}</a></td><td>{station(desk, b.station)}</td><td>{plain(b.rule)}</td>
              <td class="num">{b.awarded} of {b.units}</td><td class="num">{f.stamp(b.requests_close)}</td><td>{plain(b.state)}{b.overdue && <span class="tag warn">Overdue</span>}</td>
            </tr>
          ))}</tbody>
        </table>
      </Wait>
    </>
  );
}

function Awards({ block, reload }: { block: Block; reload: () => void }) {
  const { client, staff } = useDesk();
  const [taking, setTaking] = useState<string | null>(null);
  const [why, setWhy] = useState("");
  const take = async (): Promise<void> => {
    await client.post(`/v1/awards/${taking!}/cancel`, { reasoning: why.trim() });
    setTaking(null);
    setWhy("");
    reload();
  };
  return (
    <section class="card">
      <h2>Awards</h2>
      <table>
        <tbody>{block.awards?.map((a) => (
          <tr key={a.id}><td>{a.driver_name ?? "erased"}</td><td>{plain(a.how)}</td><td>{plain(a.state)}</td>
            <td>{may(staff, "dispatch") && a.state === "awarded" && <button type="button" class="small" onClick={() => setTaking(a.id)}>Take back</button>}</td></tr>
        ))}</tbody>
      </table>
      {taking !== null && <><Reasoning label="Why is it taken back?" value={why} change={setWhy} /><div class="row"><Act class="danger" disabled={why.trim().length < 20} run={take}>Take it back</Act><button type="button" onClick={() => setTaking(null)}>Keep it</button></div></>}
    </section>
  );
}

function Give({ block, reload }: { block: Block; reload: () => void }) {
  const { client } = useDesk();
  const drivers = useLoad(() => client.get<Items<{ id: string; name: string; state: string }>>("/v1/drivers?limit=200"), []);
  const [who, setWho] = useState("");
  const [why, setWhy] = useState("");
  const give = async (): Promise<void> => {
    await client.post(`/v1/blocks/${block.id}/award`, { driver_id: who, reasoning: why.trim() });
    setWho("");
    setWhy("");
    reload();
  };
  return (
    <details class="card">
      <summary>Give a place directly</summary>
      <Field label="Driver"><select value={who} onChange={(e) => setWho(e.currentTarget.value)}><option value="" />{drivers.value?.items.filter((d) => d.state === "active").map((d) => <option key={d.id} value={d.id}>{d.name}</option>)}</select></Field>
      <Reasoning label="Why her, and not by the rule?" value={why} change={setWhy} />
      <Act disabled={who === "" || why.trim().length < 20} run={give}>Give it</Act>
    </details>
  );
}

function Cancel({ block, reload }: { block: Block; reload: () => void }) {
  const { client } = useDesk();
  const [why, setWhy] = useState("");
  const cancel = async (): Promise<void> => {
    await client.post(`/v1/blocks/${block.id}/cancel`, { reasoning: why.trim() });
    reload();
  };
  return <details class="card"><summary>Cancel the block</summary><Reasoning label="Why is it cancelled?" value={why} change={setWhy} /><Act class="danger" disabled={why.trim().length < 20} run={cancel}>Cancel it</Act></details>;
}

export function BlockPage({ id }: { id: string }) {
  const desk = useDesk();
  const { client, f, news, staff } = desk;
  const loaded = useLoad(() => client.get<Block>(`/v1/blocks/${id}`), [id, news]);
  const b = loaded.value;
  if (b === null) return <Wait of={loaded} />;
  const changeable = may(staff, "dispatch") && b.state !== "cancelled" && Date.parse(b.ends) > Date.parse(desk.about.now);
  const proof = async (): Promise<void> => save("DRAW.json", JSON.stringify(await client.get<unknown>(`/v1/draws/${b.id}`), null, 2));
  return (
    <div class="narrow">
      <div class="row"><a class="button small" href="#/blocks">←</a><h1 class="grow">{f.day(b.starts)}, {f.time(b.starts)}–{f.time(b.ends)}</h1><span class="tag">{plain(b.state)}</span></div>
      <section class="card">
        <p>{station(desk, b.station)} · {b.awarded} of {b.units} drivers · {plain(b.rule)}</p>
        <p>{b.terms.pay !== undefined && <>Estimate {f.money(b.terms.pay)} · </>}{b.terms.stops !== undefined && <>{b.terms.stops.min}–{b.terms.stops.max} stops · </>}{b.terms.distance_m !== undefined && <>{f.distance(b.terms.distance_m.min)}–{f.distance(b.terms.distance_m.max)}</>}</p>
        {b.requests !== undefined && <p class="soft">{b.requests} requests, {b.waiting} waiting. Requests were sealed until {f.stamp(b.requests_close)}.</p>}
        {b.requests === undefined && <p class="soft">Requests are sealed until {f.stamp(b.requests_close)}.</p>}
        {b.state === "awarded" && <Act run={proof}>The draw's proof</Act>}
      </section>
      <Awards block={b} reload={loaded.reload} />
      {changeable && <Give block={b} reload={loaded.reload} />}
      {changeable && <Cancel block={b} reload={loaded.reload} />}
    </div>
  );
}

// --- publishing ---

/** What the plan pays for such a block, before any minimum: shown as an estimate. */
function estimate(plan: Plan, hours: number, stops: number, km: number): number {
  const r = (k: string): number => plan.rules[k] ?? 0;
  const lines = r("per_block") + r("per_hour") * hours + r("per_stop") * stops + r("per_km") * km;
  return Math.round(Math.max(lines, r("minimum_per_engaged_hour") * hours));
}

const VEHICLES = ["van", "car", "cargo_bike", "bike", "foot"];

export function Publish() {
  const desk = useDesk();
  const { client, f, about } = desk;
  const programmes = useLoad(() => client.get<Items<Programme>>("/v1/programmes"), []);
  const plans = useLoad(() => client.get<Items<Plan>>("/v1/pay-plans"), []);
  const [x, setX] = useState({ programme: "", station: "", plan: "", date: desk.today, from: "08:00", to: "12:00", close: "", units: 1, rule: "", stopsMin: 20, stopsMax: 30, kmMin: 15, kmMax: 30, note: "", vehicles: [] as string[] });
  const set = (change: Partial<typeof x>): void => setX({ ...x, ...change });
  const text = (key: "date" | "from" | "to" | "close" | "note", type: "date" | "time" | "datetime-local" | "text", label: string, hint?: string) => <Field label={label} {...(hint === undefined ? {} : { hint })}><input name={key} type={type as "text"} value={x[key]} onInput={(e) => set({ [key]: e.currentTarget.value })} /></Field>;
  const count = (key: "units" | "stopsMin" | "stopsMax" | "kmMin" | "kmMax", label: string) => <Field label={label}><input name={key} type="number" min={0} value={x[key]} onInput={(e) => set({ [key]: Number(e.currentTarget.value) })} /></Field>;
  const plan = plans.value?.items.find((p) => p.id === x.plan) ?? plans.value?.items[0];
  const zone = about.operator.zone;
  const starts = fromWall(`${x.date}T${x.from}`, zone);
  const ends = new Date(Date.parse(fromWall(`${x.date}T${x.to}`, zone)) + (x.to <= x.from ? 86_400_000 : 0)).toISOString();
  const closes = x.close === "" ? new Date(Date.parse(starts) - 2 * 3_600_000).toISOString() : fromWall(x.close, zone);
  const hours = (Date.parse(ends) - Date.parse(starts)) / 3_600_000;
  const pay = plan === undefined ? null : { minor: estimate(plan, hours, (x.stopsMin + x.stopsMax) / 2, (x.kmMin + x.kmMax) / 2), currency: plan.currency };
  const publish = async (): Promise<void> => {
    const terms: Record<string, unknown> = { pay, stops: { min: x.stopsMin, max: x.stopsMax }, distance_m: { min: x.kmMin * 1000, max: x.kmMax * 1000 } };
    if (x.vehicles.length > 0) terms["vehicles"] = x.vehicles;
    if (x.note.trim() !== "") terms["note"] = x.note.trim();
    const body: Record<string, unknown> = {
      programme: x.programme || programmes.value?.items[0]?.id, station: x.station || desk.stations[0]?.id, pay_plan: plan?.id, starts, ends, units: x.units, requests_close: closes, terms,
    };
    if (x.rule !== "") body["rule"] = x.rule;
    const b = await client.post<Block>("/v1/blocks", body);
    go(`blocks/${b.id}`);
  };
  return (
    <div class="narrow">
      <div class="row"><a class="button small" href="#/blocks">←</a><h1>Publish a block</h1></div>
      <section class="card grid">
        <Field label="Programme"><select name="programme" value={x.programme || (programmes.value?.items[0]?.id ?? "")} onChange={(e) => set({ programme: e.currentTarget.value })}>{programmes.value?.items.map((p) => <option key={p.id} value={p.id}>{p.name}</option>)}</select></Field>
        <Field label="Station"><select name="station" value={x.station || (desk.stations[0]?.id ?? "")} onChange={(e) => set({ station: e.currentTarget.value })}>{desk.stations.map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}</select></Field>
        {text("date", "date", "Day")}{count("units", "Drivers wanted")}
        {text("from", "time", "From")}{text("to", "time", "To")}
        <Field label="Pay plan"><select value={plan?.id ?? ""} onChange={(e) => set({ plan: e.currentTarget.value })}>{plans.value?.items.map((p) => <option key={p.id} value={p.id}>{p.name}, version {p.version}</option>)}</select></Field>
        <Field label="Given by"><select value={x.rule} onChange={(e) => set({ rule: e.currentTarget.value })}><option value="">the programme's rule</option><option value="draw">draw</option><option value="rota">rota</option><option value="direct">a person</option></select></Field>
        {count("stopsMin", "Stops, at least")}{count("stopsMax", "Stops, at most")}{count("kmMin", "Kilometres, at least")}{count("kmMax", "Kilometres, at most")}
        {text("close", "datetime-local", "Requests close", `empty: two hours before the start (${f.stamp(closes)})`)}
        {text("note", "text", "Note for everybody")}
        <fieldset class="wide"><legend>Vehicles (none ticked: any)</legend><div class="row">{VEHICLES.map((v) => <label key={v} class="check"><input type="checkbox" checked={x.vehicles.includes(v)} onChange={(e) => set({ vehicles: e.currentTarget.checked ? [...x.vehicles, v] : x.vehicles.filter((o) => o !== v) })} /> {plain(v)}</label>)}</div></fieldset>
      </section>
      <section class="card">
        <p>Drivers will read: {f.day(starts)}, {f.time(starts)}–{f.time(ends)}, about <strong>{pay === null ? "" : f.money(pay)}</strong> ({hours.toFixed(1)} h). What is published is what the chain holds: it cannot be changed, only cancelled with a reason.</p>
        <Act class="primary" run={publish}>Publish</Act>
      </section>
    </div>
  );
}
