// Shipments in, from a CSV file: every line that cannot be taken is named with its column.
import { useState } from "preact/hooks";
import { Problem } from "../shared/api";
import type { Items, Shipment } from "../shared/types";
import { Act, Field, useLoad, Wait } from "../shared/ui";
import { Day, plain, useDesk } from "./desk";
import { PickPlaces, type Picks, type Unplaced } from "./places";

interface Fault {
  line: number;
  column: string | null;
  detail: string;
}
interface Imported {
  imported: number;
  rows: number;
  rejected: (Fault | Unplaced)[];
  items: Shipment[];
}

function isImported(o: unknown): o is Imported {
  return typeof o === "object" && o !== null && "rejected" in o;
}

const isUnplaced = (r: Fault | Unplaced): r is Unplaced => "candidates" in r;

const FOUND = { extract: "map", nominatim: "Nominatim", photon: "Photon", staff: "a person" };
const KINDS: Record<string, string> = { address: "address", interpolated: "between neighbours", street: "street only" };

/** Who found the place: nobody had to, where the sender gave it. */
function found(s: Shipment): string {
  if (s.placed == null) return "given";
  const kind = s.placed.kind === null ? "" : `, ${KINDS[s.placed.kind] ?? s.placed.kind}`;
  return s.placed.by === "staff" ? "chosen by a person" : `${FOUND[s.placed.by]}${kind}, ${Math.round(s.placed.confidence * 100)} of 100`;
}

export function Import() {
  const desk = useDesk();
  const { client, news } = desk;
  const [date, setDate] = useState(desk.today);
  const [where, setWhere] = useState("");
  const [partial, setPartial] = useState(false);
  const [streets, setStreets] = useState(false);
  const [picks, setPicks] = useState<Picks>({});
  const [file, setFile] = useState<File | null>(null);
  const [result, setResult] = useState<Imported | null>(null);
  const [received, setReceived] = useState<number | null>(null);
  const at = where || desk.stations[0]?.id || "";
  const list = useLoad(async () => (at === "" ? { items: [], next: null } : client.get<Items<Shipment>>(`/v1/shipments?station_id=${at}&date=${date}&limit=100`)), [at, date, news]);
  const upload = async (partly: boolean): Promise<Imported> => {
    const query = `station_id=${at}&due_date=${date}&partial=${partly}&streets=${streets}`;
    try {
      return await client.send<Imported>("POST", `/v1/shipments/import?${query}`, undefined, { raw: file!, type: "text/csv" });
    } catch (e) {
      const body: unknown = e instanceof Problem ? e.body : null;
      if (!isImported(body)) throw e;
      return body;
    }
  };
  const send = async (): Promise<void> => {
    setResult(null);
    setPicks({});
    setResult(await upload(partial));
    list.reload();
  };
  const unplaced = (result?.rejected ?? []).filter(isUnplaced);
  const faults = (result?.rejected ?? []).filter((r): r is Fault => !isUnplaced(r));
  const placed = (result?.items ?? []).filter((s) => s.placed != null && s.placed.by !== "staff").length;
  /** The good lines, if they are not in yet, and those whose place a person chose. */
  const sendPicked = async (): Promise<void> => {
    const first = result!.imported > 0 ? result! : await upload(true);
    const chosen = unplaced.filter((r) => picks[r.shipment.reference] !== undefined);
    const shipments = chosen.map((r) => ({ ...r.shipment, place: picks[r.shipment.reference], picked: true }));
    const more = await client.post<Items<Shipment>>("/v1/shipments", { station_id: at, shipments });
    setResult({ ...first, imported: first.imported + more.items.length, items: [...first.items, ...more.items], rejected: first.rejected.filter((r) => !chosen.some((c) => c.line === r.line)) });
    setPicks({});
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
          <Field label="CSV file" hint="The first line names the columns: reference, recipient, address, earliest, latest; and, if you like, lat, lon, date, phone, email, parcels, barcodes, weight_kg, volume_l, service_min, proof, notes. A line without lat and lon is looked up by its address."><input name="csv" type="file" accept=".csv,text/csv" onChange={(e) => setFile(e.currentTarget.files?.[0] ?? null)} /></Field>
          <label class="check"><input type="checkbox" checked={partial} onChange={(e) => setPartial(e.currentTarget.checked)} /> <span>Take the good lines even when others are bad</span></label>
          <label class="check"><input type="checkbox" checked={streets} onChange={(e) => setStreets(e.currentTarget.checked)} /> <span>An address of which only the street is known may come in, placed on the street</span></label>
          <Act class="primary" disabled={file === null || at === ""} run={send}>Import</Act>
          {result !== null && <p class={`note ${result.rejected.length > 0 ? "warn" : "good"}`} role="status">{result.imported} of {result.rows} lines taken{placed > 0 && `, ${placed} placed by their address`}.</p>}
          {faults.length > 0 && (
            <table><thead><tr><th>Line</th><th>Column</th><th>What is wrong</th></tr></thead><tbody>{faults.map((r, i) => <tr key={i}><td class="num">{r.line}</td><td>{r.column}</td><td>{r.detail}</td></tr>)}</tbody></table>
          )}
        </section>
        <section class="card">
          <h2>At the station</h2>
          <p>When the day's parcels have come in, say so: only what is here can be planned.</p>
          <Act run={receive} disabled={at === ""}>Everything announced has arrived</Act>
          {received !== null && <p class="note good" role="status">{received} shipments are at the station.</p>}
        </section>
      </div>
      {unplaced.length > 0 && (
        <PickPlaces rows={unplaced} picks={picks} change={setPicks}>
          <Act class="primary" disabled={Object.keys(picks).length === 0} run={sendPicked}>{result!.imported > 0 ? "Import the chosen ones" : "Import the good lines and the chosen ones"}</Act>
        </PickPlaces>
      )}
      <Wait of={list}>
        <table class="card">
          <thead><tr><th>Reference</th><th>Address</th><th>Place</th><th>Parcels</th><th>Tries</th><th>State</th></tr></thead>
          <tbody>{list.value?.items.map((s) => <tr key={s.id}><td>{s.reference}</td><td>{s.address ?? "forgotten"}</td><td class="soft">{s.address === null ? "" : found(s)}</td><td class="num">{s.parcels.length}</td><td class="num">{s.attempts}</td><td>{plain(s.state)}</td></tr>)}</tbody>
        </table>
        {list.value?.next != null && <p class="soft">The first 100 are shown.</p>}
      </Wait>
    </>
  );
}
