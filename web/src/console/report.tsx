// The day in sums that agree: parcels, rounds, pay, decisions, draws replayed, statements recomputed.
import { useState } from "preact/hooks";
import { Act } from "../shared/ui";
import { Day, plain, useDesk } from "./desk";

type Node = number | string | boolean | null | Node[] | { [key: string]: Node };
interface Report {
  date: string;
  problems: { what?: string }[] | string[];
  [part: string]: Node | unknown;
}

const MONEY = new Set(["total", "vehicle_costs", "per_engaged_hour", "net_per_engaged_hour"]);

function Rows({ node, path, currency }: { node: { [key: string]: Node }; path: string; currency: string }) {
  const { f } = useDesk();
  const show = (key: string, v: Node): string => {
    if (typeof v !== "number") return String(v);
    return path === "pay" && MONEY.has(key) ? f.money({ minor: v, currency }) : f.number(v, 2);
  };
  return (
    <>
      {Object.entries(node).filter(([k]) => k !== "currency").map(([k, v]) =>
        typeof v === "object" && v !== null && !Array.isArray(v)
          ? <tbody key={k}><tr><th colSpan={2}>{plain(k)}</th></tr><>{Object.entries(v).map(([k2, v2]) => <tr key={k2}><td>{plain(k2)}</td><td class="num right">{show(k2, v2)}</td></tr>)}</></tbody>
          : <tbody key={k}><tr><td>{plain(k)}</td><td class="num right">{Array.isArray(v) ? v.length : show(k, v)}</td></tr></tbody>,
      )}
    </>
  );
}

/** One bar that adds up to the whole. */
function Whole({ parts, label }: { parts: [string, number, string][]; label: string }) {
  const sum = parts.reduce((s, p) => s + p[1], 0);
  let x = 0;
  if (sum === 0) return null;
  return (
    <figure>
      <svg viewBox="0 0 1200 38" role="img" aria-label={`${label}: ${parts.map((p) => `${p[0]} ${p[1]}`).join(", ")}`}>
        {parts.filter((p) => p[1] > 0).map(([name, n, kind]) => {
          const w = (1200 * n) / sum;
          const at = x;
          x += w;
          return <g key={name} class={`part ${kind}`}><rect x={at} y={0} width={Math.max(1, w - 1)} height={38} rx={4} />{w > 130 && <text x={at + 8} y={24}>{plain(name)} {n}</text>}</g>;
        })}
      </svg>
      <figcaption class="soft">{parts.map((p) => `${plain(p[0])} ${p[1]}`).join(" · ")}</figcaption>
    </figure>
  );
}

function number(node: unknown, key: string): number {
  const v = (node as Record<string, unknown> | undefined)?.[key];
  return typeof v === "number" ? v : 0;
}

function Sheet({ report }: { report: Report }) {
  const parts = Object.entries(report).filter(([, v]) => typeof v === "object" && v !== null && !Array.isArray(v)) as [string, { [key: string]: Node }][];
  const parcels = report["parcels"];
  const currency = String((report["pay"] as Record<string, unknown> | undefined)?.["currency"] ?? "SEK");
  return (
    <>
      {report.problems.length === 0
        ? <p class="note good" role="status">Everything agrees: sums add up, draws replay, statements recompute, the chain verifies.</p>
        : <div class="note bad" role="alert"><strong>{report.problems.length} things do not agree</strong><ul>{report.problems.map((p, i) => <li key={i}>{typeof p === "string" ? p : JSON.stringify(p)}</li>)}</ul></div>}
      {parcels !== undefined && <section class="card"><h2>Parcels</h2><Whole label="Parcels" parts={[["delivered", number(parcels, "delivered"), "good"], ["returned", number(parcels, "returned"), "warn"], ["open", number(parcels, "open"), "plain"], ["cancelled", number(parcels, "cancelled"), "bad"]]} /></section>}
      <div class="columns">{parts.map(([name, node]) => <section key={name} class="card"><h2>{plain(name)}</h2><table><Rows node={node} path={name} currency={currency} /></table></section>)}</div>
    </>
  );
}

export function ReportPage() {
  const { client, today } = useDesk();
  const [date, setDate] = useState(today);
  const [report, setReport] = useState<Report | null>(null);
  const load = async (): Promise<void> => {
    const r = await client.get<Report>(`/v1/report?date=${date}`);
    setReport(r);
  };
  return (
    <>
      <div class="row"><h1 class="grow">Report</h1><Day date={date} change={(d) => {
        setDate(d);
        setReport(null);
      }} /><Act class="primary" run={load}>Make the report</Act></div>
      {report === null ? <p class="card soft">Every draw of the day is replayed and every statement recomputed when you ask.</p> : <Sheet report={report} />}
    </>
  );
}
