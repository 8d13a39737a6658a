// For auditors and the drivers' representative: who looked at whom and why, and what was decided.
import { useState } from "preact/hooks";
import type { Decision, Items } from "../shared/types";
import { Act, Field } from "../shared/ui";
import { plain, useDesk } from "./desk";

interface Look {
  at: string;
  name: string | null;
  what: string;
  why: string;
}

export function Audit() {
  const { client, f } = useDesk();
  const [id, setId] = useState("");
  const [looks, setLooks] = useState<Look[] | null>(null);
  const [decisions, setDecisions] = useState<Decision[]>([]);
  const load = async (): Promise<void> => {
    const q = encodeURIComponent(id.trim());
    const [a, d] = await Promise.all([client.get<Items<Look>>(`/v1/access-log?driver_id=${q}`), client.get<Items<Decision>>(`/v1/decisions?driver_id=${q}&limit=100`)]);
    setLooks(a.items);
    setDecisions(d.items);
  };
  return (
    <div class="narrow">
      <h1>Who looked, what was decided</h1>
      <section class="card">
        <Field label="Driver's number" hint="As she gives it to you: drv_…"><input name="driver" value={id} onInput={(e) => setId(e.currentTarget.value)} /></Field>
        <Act class="primary" disabled={!id.trim().startsWith("drv_")} run={load}>Show</Act>
      </section>
      {looks !== null && (
        <section class="card"><h2>Looks <span class="soft">{looks.length}</span></h2><table><tbody>{looks.map((l) => <tr key={l.at + l.what}><td class="num">{f.stamp(l.at)}</td><td>{l.name}</td><td>{plain(l.what)}</td><td>{l.why}</td></tr>)}</tbody></table></section>
      )}
      {looks !== null && (
        <section class="card"><h2>Decisions <span class="soft">{decisions.length}</span></h2><table><tbody>{decisions.map((d) => <tr key={d.id}><td class="num">{f.stamp(d.at)}</td><td>{plain(d.kind)}</td><td>{plain(d.outcome)}</td><td>{d.by.kind === "rule" ? d.rule : `${d.by.name ?? ""}: ${d.by.reasoning ?? ""}`}</td></tr>)}</tbody></table></section>
      )}
      <p class="soft">The chain is public: <a href="/chain/checkpoint">its newest checkpoint</a>; “waybill chain verify” checks all of it.</p>
    </div>
  );
}
