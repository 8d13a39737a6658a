// Drivers as the desk may see them. Every look leaves a line she reads; every note is hers to read.
import { useState } from "preact/hooks";
import type { Items } from "../shared/types";
import { Act, Field, useLoad, Wait } from "../shared/ui";
import { AskedAgain, askedAgainAt, may, plain, Reasoning, station, useDesk } from "./desk";

interface Driver {
  id: string;
  name: string;
  state: "applied" | "active" | "suspended" | "deactivated" | "refused" | "left";
  station: string;
  language: string;
  since: string;
  vehicle: { kind: string; capacity_g: number; capacity_ml: number };
  contact?: { phone: string | null; email: string | null };
}

export function Drivers() {
  const desk = useDesk();
  const { client, f, news } = desk;
  const list = useLoad(() => client.get<Items<Driver>>("/v1/drivers?limit=200"), [news]);
  const [find, setFind] = useState("");
  const shown = list.value?.items.filter((d) => d.name.toLowerCase().includes(find.toLowerCase()));
  return (
    <>
      <div class="row"><h1 class="grow">Drivers</h1><input class="find" type="search" aria-label="Find by name" placeholder="Find by name" value={find} onInput={(e) => setFind(e.currentTarget.value)} /></div>
      <Wait of={list}>
        <table class="card">
          <thead><tr><th>Name</th><th>Station</th><th>Vehicle</th><th>Since</th><th>State</th></tr></thead>
          <tbody>{shown?.map((d) => <tr key={d.id}><td><a href={`#/drivers/${d.id}`}>{d.name}</a></td><td>{station(desk, d.station)}</td><td>{plain(d.vehicle.kind)}</td><td class="num">{f.shortDay(d.since)}</td><td><span class={`tag ${d.state}`}>{plain(d.state)}</span></td></tr>)}</tbody>
        </table>
      </Wait>
    </>
  );
}

function Notes({ id }: { id: string }) {
  const { client, f, news } = useDesk();
  const [text, setText] = useState("");
  const list = useLoad(() => client.get<Items<{ id: string; at: string; name: string; text: string }>>(`/v1/drivers/${id}/notes`), [id, news]);
  const add = async (): Promise<void> => {
    await client.post(`/v1/drivers/${id}/notes`, { text: text.trim() });
    setText("");
    list.reload();
  };
  return (
    <section class="card">
      <h2>Notes, which she reads too</h2>
      {list.value?.items.map((n) => <p key={n.id}><strong>{n.name}</strong>, {f.stamp(n.at)}: {n.text}</p>)}
      <Field label="A note to be kept"><textarea rows={3} maxLength={1000} value={text} onInput={(e) => setText(e.currentTarget.value)} /></Field>
      <Act disabled={text.trim() === ""} run={add}>Write it: she is told</Act>
    </section>
  );
}

const ARROWS: Record<string, { act: string; text: string; from: Driver["state"][] }[]> = {
  review: [
    { act: "suspend", text: "Suspend", from: ["active"] },
    { act: "suspend", text: "Keep suspended, to another date", from: ["suspended"] },
    { act: "reinstate", text: "Let her work again", from: ["suspended", "deactivated"] },
    { act: "deactivate", text: "End the working relation", from: ["active", "suspended"] },
  ],
};

function Verdicts({ driver, reload }: { driver: Driver; reload: () => void }) {
  const { client, about } = useDesk();
  const [act, setAct] = useState<string | null>(null);
  const [why, setWhy] = useState("");
  const [until, setUntil] = useState("");
  const arrows = ARROWS["review"]!.filter((a) => a.from.includes(driver.state));
  const decide = async (): Promise<void> => {
    const date = act === "suspend" ? askedAgainAt(until, about.operator.zone) : {};
    await client.post(`/v1/drivers/${driver.id}/${act!}`, { reasoning: why.trim(), ...date });
    setAct(null);
    setWhy("");
    setUntil("");
    reload();
  };
  return (
    <section class="card">
      <h2>Decide about this driver</h2>
      <p class="soft">Only a person can do this, with her name and her reasons. The driver reads them and can appeal.</p>
      <div class="row">{arrows.map((a) => <button key={a.act} type="button" aria-pressed={act === a.act} onClick={() => setAct(a.act)}>{a.text}</button>)}</div>
      {act === "suspend" && <AskedAgain value={until} change={setUntil} />}
      {act !== null && <><Reasoning label="Why" value={why} change={setWhy} /><Act class="danger" disabled={why.trim().length < 20} run={decide}>{arrows.find((a) => a.act === act)?.text}</Act></>}
    </section>
  );
}

export function DriverPage({ id }: { id: string }) {
  const desk = useDesk();
  const { client, f, staff } = desk;
  const [why, setWhy] = useState("");
  const [asked, setAsked] = useState<string | null>(null);
  const loaded = useLoad<Driver | null>(async () => (asked === null ? null : client.get<Driver>(`/v1/drivers/${id}?why=${encodeURIComponent(asked)}`)), [id, asked]);
  const d = loaded.value;
  return (
    <div class="narrow">
      <div class="row"><a class="button small" href="#/drivers">←</a><h1>{d === null ? "A driver" : d.name}</h1></div>
      {d === null && (
        <section class="card">
          <Field label="Why do you look?" hint="She reads who looked, when and why."><input name="why" value={why} maxLength={200} onInput={(e) => setWhy(e.currentTarget.value)} /></Field>
          <Act class="primary" disabled={why.trim().length < 3} run={() => setAsked(why.trim())}>Look</Act>
          {asked !== null && loaded.error !== null && <p class="note bad">{loaded.error.message}</p>}
        </section>
      )}
      {d !== null && (
        <>
          <section class="card">
            <p><span class={`tag ${d.state}`}>{plain(d.state)}</span> since {f.shortDay(d.since)} · {station(desk, d.station)} · {plain(d.vehicle.kind)} ({f.number(d.vehicle.capacity_g / 1000)} kg, {f.number(d.vehicle.capacity_ml / 1000)} l) · {d.language}</p>
            <p>{d.contact?.phone} {d.contact?.email}</p>
          </section>
          {may(staff, "review") && <Verdicts driver={d} reload={loaded.reload} />}
          <Notes id={id} />
        </>
      )}
    </div>
  );
}
