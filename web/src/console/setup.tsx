// For whoever manages the house: its people, its stations, its pay plans, its webhooks, and one's own passphrase.
import { useState } from "preact/hooks";
import type { Items, Station } from "../shared/types";
import { Act, Field, useLoad, Wait } from "../shared/ui";
import { may, plain, useDesk } from "./desk";
import { Webhooks } from "./webhooks";

interface Person {
  id: string;
  name: string;
  email: string;
  role: string;
  disabled: boolean;
}

const ROLES = ["dispatcher", "reviewer", "representative", "auditor", "admin", "integrator"];

function People() {
  const { client, staff } = useDesk();
  const list = useLoad(() => client.get<Items<Person>>("/v1/staff"), []);
  const [x, setX] = useState({ name: "", email: "", role: "dispatcher", passphrase: "" });
  const [key, setKey] = useState<string | null>(null);
  const machine = x.role === "integrator";
  const add = async (): Promise<void> => {
    const made = await client.post<{ token?: string }>("/v1/staff", { name: x.name.trim(), email: x.email.trim(), role: x.role, ...(machine ? {} : { passphrase: x.passphrase }) });
    setKey(made.token ?? null);
    setX({ name: "", email: "", role: "dispatcher", passphrase: "" });
    list.reload();
  };
  const disable = (id: string) => async (): Promise<void> => {
    await client.post(`/v1/staff/${id}/disable`);
    list.reload();
  };
  return (
    <section class="card">
      <h2>People</h2>
      <Wait of={list}>
        <table>
          <thead><tr><th>Name</th><th>Signs in as</th><th>Role</th><th /></tr></thead>
          <tbody>{list.value?.items.map((p) => <tr key={p.id}><td>{p.name}</td><td>{p.email}</td><td>{plain(p.role)}</td><td class="right">{p.disabled ? "no longer here" : p.id !== staff.id && <Act class="small" run={disable(p.id)}>No longer here</Act>}</td></tr>)}</tbody>
        </table>
      </Wait>
      <details>
        <summary>Add somebody</summary>
        <div class="grid">
          <Field label="Name"><input value={x.name} maxLength={120} onInput={(e) => setX({ ...x, name: e.currentTarget.value })} /></Field>
          <Field label="Signs in as" hint="an e-mail address, or one word"><input value={x.email} maxLength={254} onInput={(e) => setX({ ...x, email: e.currentTarget.value })} /></Field>
          <Field label="Role"><select value={x.role} onChange={(e) => setX({ ...x, role: e.currentTarget.value })}>{ROLES.map((r) => <option key={r} value={r}>{plain(r)}</option>)}</select></Field>
          {!machine && <Field label="First passphrase" hint="ten characters or more"><input type="password" autocomplete="new-password" value={x.passphrase} onInput={(e) => setX({ ...x, passphrase: e.currentTarget.value })} /></Field>}
        </div>
        <Act class="primary" disabled={x.name.trim() === "" || x.email.trim().length < 3 || (!machine && x.passphrase.length < 10)} run={add}>Add</Act>
        {key !== null && <p class="note warn" role="status">Its key, shown once: <code>{key}</code></p>}
      </details>
    </section>
  );
}

function Stations() {
  const { client } = useDesk();
  const list = useLoad(() => client.get<Items<Station>>("/v1/stations"), []);
  const [x, setX] = useState({ name: "", address: "", lat: "", lon: "" });
  const text = (key: keyof typeof x, label: string) => <Field label={label}><input value={x[key]} onInput={(e) => setX({ ...x, [key]: e.currentTarget.value })} /></Field>;
  const add = async (): Promise<void> => {
    await client.post("/v1/stations", { name: x.name.trim(), address: x.address.trim(), place: { lat: Number(x.lat), lon: Number(x.lon) } });
    setX({ name: "", address: "", lat: "", lon: "" });
    list.reload();
  };
  const complete = x.name.trim() !== "" && x.address.trim() !== "" && x.lat.trim() !== "" && x.lon.trim() !== "" && Number.isFinite(Number(x.lat)) && Number.isFinite(Number(x.lon));
  return (
    <section class="card">
      <h2>Stations</h2>
      <table><tbody>{list.value?.items.map((s) => <tr key={s.id}><td>{s.name}</td><td>{s.address}</td><td class="num">{s.place.lat.toFixed(5)}, {s.place.lon.toFixed(5)}</td></tr>)}</tbody></table>
      <details><summary>Add a station</summary><div class="grid">{text("name", "Name")}{text("address", "Address")}{text("lat", "Latitude")}{text("lon", "Longitude")}</div><Act class="primary" disabled={!complete} run={add}>Add</Act></details>
    </section>
  );
}

interface Plan {
  id: string;
  version: number;
  name: string;
  currency: string;
  rules: Record<string, number>;
}

const RATES: [string, string][] = [
  ["per_block", "For a block"], ["per_hour", "Per hour"], ["per_stop", "Per stop tried"], ["per_km", "Per kilometre"], ["wait_per_min", "Per minute of waiting"],
  ["minimum_per_engaged_hour", "Minimum per engaged hour"], ["vehicle_cost_per_km", "Vehicle cost per kilometre (not paid, subtracted for net pay)"],
];

function PlanForm({ plan, currency, digits, done }: { plan: Plan | null; currency: string; digits: number; done: () => void }) {
  const { client } = useDesk();
  const unit = 10 ** digits;
  const [name, setName] = useState(plan?.name ?? "");
  const [rules, setRules] = useState<Record<string, number>>(plan?.rules ?? {});
  const put = async (): Promise<void> => {
    await client.post("/v1/pay-plans", { ...(plan === null ? {} : { id: plan.id }), name: name.trim(), currency, rules });
    done();
  };
  return (
    <details>
      <summary>{plan === null ? "A new plan" : "Its next version: for blocks published from then on"}</summary>
      <Field label="Name"><input value={name} maxLength={120} onInput={(e) => setName(e.currentTarget.value)} /></Field>
      <div class="grid">{RATES.map(([key, label]) => (
        <Field key={key} label={`${label}, ${currency}`}><input type="number" min={0} step="any" value={(rules[key] ?? 0) / unit} onInput={(e) => setRules({ ...rules, [key]: Math.round(Number(e.currentTarget.value) * unit) })} /></Field>
      ))}</div>
      <Act class="primary" disabled={name.trim() === ""} run={put}>{plan === null ? "Make it" : "Put it in force"}</Act>
    </details>
  );
}

function Plans() {
  const { client, f, about } = useDesk();
  const list = useLoad(() => client.get<Items<Plan>>("/v1/pay-plans"), []);
  const currency = about.operator.currency;
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return (
    <section class="card">
      <h2>Pay plans</h2>
      {list.value?.items.map((p) => (
        <div key={`${p.id}${p.version}`}>
          <h3>{p.name} <span class="soft">version {p.version}</span></h3>
          <p>{RATES.filter(([k]) => (p.rules[k] ?? 0) > 0).map(([k, label]) => `${label}: ${f.money({ minor: p.rules[k]!, currency: p.currency })}`).join(" · ")}</p>
          <PlanForm plan={p} currency={p.currency} digits={digits} done={list.reload} />
        </div>
      ))}
      <PlanForm plan={null} currency={currency} digits={digits} done={list.reload} />
    </section>
  );
}

function Passphrase() {
  const { client } = useDesk();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const change = async (): Promise<void> => {
    await client.post("/v1/staff/passphrase", { old, new: fresh });
    client.onSignedOut();
  };
  return (
    <section class="card">
      <h2>Your passphrase</h2>
      <div class="grid">
        <Field label="The one you have"><input type="password" autocomplete="current-password" value={old} onInput={(e) => setOld(e.currentTarget.value)} /></Field>
        <Field label="The new one" hint="ten characters or more; you sign in again with it"><input type="password" autocomplete="new-password" value={fresh} onInput={(e) => setFresh(e.currentTarget.value)} /></Field>
      </div>
      <Act disabled={old === "" || fresh.length < 10} run={change}>Change it</Act>
    </section>
  );
}

export function Setup() {
  const { staff } = useDesk();
  return <div class="narrow"><h1>The house</h1>{may(staff, "manage") && <><People /><Stations /><Plans /><Webhooks /></>}<Passphrase /></div>;
}
