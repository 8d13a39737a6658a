// Shipments in, from a CSV file: every line that cannot be taken is named with its column.
import { useState } from "preact/hooks";
import { Problem } from "../shared/api";
import type { Items, Shipment } from "../shared/types";
import { Act, Field, useLoad, Wait } from "../shared/ui";
import { Day, plain, useDesk } from "./desk";

interface Imported {
  imported: number;
  rows: number;
  rejected: { line: number; column: string | null; reason: string; detail: string }[];
}

function isImported(o: unknown): o is Imported {
  return typeof o === "object" && o !== null && "rejected" in o;
}

export function Import() {
  const desk = useDesk();
  const { client, news } = desk;
  const [date, setDate] = useState(desk.today);
  const [where, setWhere] = useState("");
  const [partial, setPartial] = useState(false);
  const [file, setFile] = useState<File | null>(null);
  const [result, setResult] = useState<Imported | null>(null);
  const [received, setReceived] = useState<number | null>(null);
  const at = where || desk.stations[0]?.id || "";
  const list = useLoad(async () => (at === "" ? { items: [], next: null } : client.get<Items<Shipment>>(`/v1/shipments?station_id=${at}&date=${date}&limit=100`)), [at, date, news]);
  const send = async (): Promise<void> => {
    setResult(null);
    try {
      setResult(await client.send<Imported>("POST", `/v1/shipments/import?station_id=${at}&due_date=${date}&partial=${partial}`, undefined, { raw: file!, type: "text/csv" }));
    } catch (e) {
      const body: unknown = e instanceof Problem ? e.body : null;
      if (!isImported(body)) throw e;
      setResult(body);
    }
    list.reload();
  };
  const receive = async (): Promise<void> => {
    const r = await client.post<{ received: number }>(`/v1/stations/${at}/receive`, { date });
    setReceived(r.received);
    list.reload();
  };
  return (
    <>
      <div class="row"><h1 class="grow">Shipments</h1><Day date={date} change={setDate} /></div>
      <div class="two">
        <section class="card">
          <h2>Import a list</h2>
          <Field label="Station"><select value={at} onChange={(e) => setWhere(e.currentTarget.value)}>{desk.stations.map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}</select></Field>
          <Field label="CSV file" hint="The first line names the columns: reference, recipient, address, earliest, latest, lat, lon; and, if you like, date, phone, email, parcels, barcodes, weight_kg, volume_l, service_min, proof, notes."><input name="csv" type="file" accept=".csv,text/csv" onChange={(e) => setFile(e.currentTarget.files?.[0] ?? null)} /></Field>
          <label class="check"><input type="checkbox" checked={partial} onChange={(e) => setPartial(e.currentTarget.checked)} /> <span>Take the good lines even when others are bad</span></label>
          <Act class="primary" disabled={file === null || at === ""} run={send}>Import</Act>
          {result !== null && <p class={`note ${result.rejected.length > 0 ? "warn" : "good"}`} role="status">{result.imported} of {result.rows} lines taken.</p>}
          {result !== null && result.rejected.length > 0 && (
            <table><thead><tr><th>Line</th><th>Column</th><th>What is wrong</th></tr></thead><tbody>{result.rejected.map((r, i) => <tr key={i}><td class="num">{r.line}</td><td>{r.column}</td><td>{r.detail}</td></tr>)}</tbody></table>
          )}
        </section>
        <section class="card">
          <h2>At the station</h2>
          <p>When the day's parcels have come in, say so: only what is here can be planned.</p>
          <Act run={receive} disabled={at === ""}>Everything announced has arrived</Act>
          {received !== null && <p class="note good" role="status">{received} shipments are at the station.</p>}
        </section>
      </div>
      <Wait of={list}>
        <table class="card">
          <thead><tr><th>Reference</th><th>Address</th><th>Parcels</th><th>Tries</th><th>State</th></tr></thead>
          <tbody>{list.value?.items.map((s) => <tr key={s.id}><td>{s.reference}</td><td>{s.address ?? "forgotten"}</td><td class="num">{s.parcels.length}</td><td class="num">{s.attempts}</td><td>{plain(s.state)}</td></tr>)}</tbody>
        </table>
        {list.value?.next != null && <p class="soft">The first 100 are shown.</p>}
      </Wait>
    </>
  );
}
