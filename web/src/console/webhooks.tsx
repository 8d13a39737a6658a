// Addresses that are told of events: adding one, its secret (shown once), what became of its messages.
import { useState } from "preact/hooks";
import type { Items } from "../shared/types";
import { Act, Field, useLoad, Wait } from "../shared/ui";
import { plain, useDesk } from "./desk";

interface Delivery {
  id: string;
  kind: string;
  at: string;
  state: "waiting" | "delivered" | "failed";
  tries: number;
  tried: string | null;
  status: number | null;
  took_ms: number | null;
  why: string | null;
  next_try: string | null;
}

export interface Webhook {
  id: string;
  label: string;
  url: string;
  kinds: string[];
  holder: string | null;
  state: "on" | "off";
  why: string | null;
  failing_since: string | null;
  old_secret_until: string | null;
  waiting: number;
  failed: number;
  last: Delivery | null;
}

const KINDS: [string, string[]][] = [
  ["Shipments", ["shipments.added", "shipments.received", "shipment.at_station", "shipment.planned", "shipment.loaded", "shipment.delivered", "shipment.failed", "shipment.returned", "shipment.cancelled", "shipment.rescheduled"]],
  ["Rounds", ["duty.opened", "duty.closed"]],
  ["Blocks", ["block.published", "block.awarded", "block.cancelled"]],
];

const WHY: Record<string, string> = {
  "by-hand": "switched off by hand", failing: "switched off: no answer for three days", gone: "switched off: the receiver says it is gone",
  "holder-left": "switched off: its integrator may no longer enter",
  refused: "not taken", redirect: "sent elsewhere, which is not followed", "too-slow": "no answer in ten seconds", "not-reached": "not reached",
  "address-not-allowed": "an address this house does not call",
};
const why = (word: string | null): string => (word === null ? "" : (WHY[word] ?? plain(word)));

/** Off, and nobody wanted that. */
export function needsAPerson(h: Webhook): boolean {
  return h.state === "off" && h.why !== "by-hand";
}

function Secret({ secret }: { secret: string }) {
  return <p class="note warn" role="status">The secret, shown once: <code class="secret">{secret}</code></p>;
}

function Deliveries({ hook, news }: { hook: Webhook; news: number }) {
  const { client, f } = useDesk();
  const [older, setOlder] = useState<Delivery[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const path = `/v1/webhooks/${hook.id}/deliveries`;
  const list = useLoad(async () => {
    const page = await client.get<Items<Delivery> & { next: number | null }>(`${path}?limit=20`);
    setOlder([]);
    setNext(page.next);
    return page.items;
  }, [hook.id, news]);
  const more = async (): Promise<void> => {
    const page = await client.get<Items<Delivery> & { next: number | null }>(`${path}?limit=50&after=${next}`);
    setOlder([...older, ...page.items]);
    setNext(page.next);
  };
  const again = (id: string) => async (): Promise<void> => {
    await client.post(`${path}/${id}/redeliver`);
    list.reload();
  };
  return (
    <Wait of={list}>
      {list.value?.length === 0 && <p class="soft">Nothing in the last seven days.</p>}
      {(list.value?.length ?? 0) > 0 && (
        <table class="deliveries">
          <thead><tr><th>Happened</th><th>Kind</th><th>State</th><th>Answer</th><th /></tr></thead>
          <tbody>{[...list.value!, ...older].map((d) => (
            <tr key={d.id} title={d.id}>
              <td class="num">{f.stamp(d.at)}</td>
              <td>{d.kind}</td>
              <td><span class={`tag ${d.state === "delivered" ? "active" : d.state === "failed" ? "refused" : "warn"}`}>{plain(d.state)}</span>{d.tries > 1 && <span class="soft"> {d.tries} tries</span>}</td>
              <td class="num">{d.status ?? ""} {why(d.why)}{d.took_ms !== null && <span class="soft"> {d.took_ms} ms</span>}{d.next_try !== null && <span class="soft"> again {f.stamp(d.next_try)}</span>}</td>
              <td class="right">{hook.state === "on" && d.tries > 0 && <Act class="small" run={again(d.id)}>Send again</Act>}</td>
            </tr>
          ))}</tbody>
        </table>
      )}
      {next !== null && <Act class="small" run={more}>Older ones</Act>}
    </Wait>
  );
}

function Kinds({ chosen, change }: { chosen: string[]; change: (kinds: string[]) => void }) {
  const flip = (kind: string): void => change(chosen.includes(kind) ? chosen.filter((k) => k !== kind) : [...chosen, kind]);
  return (
    <>
      {KINDS.map(([group, kinds]) => (
        <fieldset key={group} class="kinds">
          <legend>{group}</legend>
          {kinds.map((k) => <label key={k} class="check"><input type="checkbox" name="kind" value={k} checked={chosen.includes(k)} onChange={() => flip(k)} /><span>{k}</span></label>)}
        </fieldset>
      ))}
    </>
  );
}

function One({ hook, changed }: { hook: Webhook; changed: () => void }) {
  const { client, f } = useDesk();
  const [secret, setSecret] = useState<string | null>(null);
  const [shown, setShown] = useState(false);
  const [sent, setSent] = useState(0);
  const path = `/v1/webhooks/${hook.id}`;
  const act = (what: string) => async (): Promise<void> => {
    await client.post(`${path}/${what}`);
    setSent(sent + 1);
    changed();
  };
  const turn = async (): Promise<void> => {
    setSecret((await client.post<{ secret: string }>(`${path}/secret`)).secret);
    changed();
  };
  const remove = async (): Promise<void> => {
    await client.send("DELETE", path);
    changed();
  };
  return (
    <article class="hook" aria-label={hook.label}>
      <h3>{hook.label} <span class={`tag ${hook.state === "on" ? (hook.failing_since === null ? "active" : "warn") : "refused"}`}>{hook.state === "off" ? "Off" : hook.failing_since === null ? "On" : "Failing"}</span> {hook.holder !== null && <span class="soft">of {hook.holder}</span>}</h3>
      <p><code>{hook.url}</code></p>
      <p class="soft">
        {hook.kinds.join(" · ")}
      </p>
      {hook.why !== null && <p class={`note ${needsAPerson(hook) ? "bad" : ""}`}>{plain(why(hook.why))}.</p>}
      {hook.state === "on" && hook.failing_since !== null && <p class="note warn">Nothing taken since {f.stamp(hook.failing_since)}: {why(hook.last?.why ?? null)}.</p>}
      {hook.waiting + hook.failed > 0 && <p>{hook.waiting} waiting, {hook.failed} failed.</p>}
      {secret !== null && <Secret secret={secret} />}
      {hook.old_secret_until !== null && <p class="soft">The secret before it signs, too, until {f.stamp(hook.old_secret_until)}.</p>}
      <div class="row">
        {hook.state === "on" && <Act class="small" run={act("ping")}>Send a test</Act>}
        <Act class="small" run={turn}>New secret</Act>
        <Act class="small" run={act(hook.state === "on" ? "off" : "on")}>{hook.state === "on" ? "Switch off" : "Switch on"}</Act>
        {hook.state === "off" && <Act class="small" run={remove}>Remove</Act>}
      </div>
      <details onToggle={(e) => setShown(e.currentTarget.open)}>
        <summary>What was sent</summary>
        {shown && <Deliveries hook={hook} news={sent} />}
        {shown && <Act class="small" run={() => setSent(sent + 1)}>Look again</Act>}
      </details>
    </article>
  );
}

export function Webhooks() {
  const { client, news } = useDesk();
  const list = useLoad(() => client.get<Items<Webhook>>("/v1/webhooks"), [news]);
  const [x, setX] = useState({ label: "", url: "", kinds: [] as string[] });
  const [secret, setSecret] = useState<string | null>(null);
  const add = async (): Promise<void> => {
    const made = await client.post<{ secret: string }>("/v1/webhooks", { label: x.label.trim(), url: x.url.trim(), kinds: x.kinds });
    setSecret(made.secret);
    setX({ label: "", url: "", kinds: [] });
    list.reload();
  };
  return (
    <section class="card webhooks">
      <h2>Webhooks</h2>
      <p class="soft">Systems of yours, and of your integrators, that are told of events. No message says anything of a driver.</p>
      <Wait of={list}>{list.value?.items.map((h) => <One key={h.id} hook={h} changed={list.reload} />)}</Wait>
      <details>
        <summary>Add a webhook</summary>
        <div class="grid">
          <Field label="What it is"><input name="hook-label" value={x.label} maxLength={80} onInput={(e) => setX({ ...x, label: e.currentTarget.value })} /></Field>
          <Field label="Address" hint="https://…; what stands behind a ? is not shown again"><input name="hook-url" type="url" value={x.url} maxLength={1000} onInput={(e) => setX({ ...x, url: e.currentTarget.value })} /></Field>
        </div>
        <Kinds chosen={x.kinds} change={(kinds) => setX({ ...x, kinds })} />
        <Act class="primary" disabled={x.label.trim() === "" || x.url.trim() === "" || x.kinds.length === 0} run={add}>Add the webhook</Act>
        {secret !== null && <Secret secret={secret} />}
      </details>
    </section>
  );
}
