// What only people decide. The evidence is opened piece by piece, the reasoning is
// the reviewer's own, and how long she looked is kept beside the decision.
import { useEffect, useState } from "preact/hooks";
import type { Items, Statement } from "../shared/types";
import { Act, Field, go, Segments, useLoad, Wait } from "../shared/ui";
import { AskedAgain, askedAgainAt, daysOn, plain, Reasoning, station, useDesk } from "./desk";

interface Entry {
  id: string;
  kind: string;
  subject: string;
  driver: string | null;
  station: string | null;
  question: string;
  state: string;
  overdue: boolean;
  created: string;
  due: string | null;
  outcome: string | null;
  by: { name: string; reasoning: string; looked_ms: number } | null;
  decided: string | null;
}
interface Item extends Entry {
  evidence: { label: string; value?: unknown; href?: string }[];
  outcomes: string[];
  openings: { name: string; opened: string }[];
}

export function Queue() {
  const desk = useDesk();
  const { client, f, news } = desk;
  const [state, setState] = useState<"open" | "decided">("open");
  const list = useLoad(() => client.get<Items<Entry>>(`/v1/queue?state=${state}&limit=100`), [state, news]);
  return (
    <>
      <div class="row"><h1 class="grow">To decide</h1>
        <Segments label="Which" value={state} options={[["open", "Open"], ["decided", "Decided"]]} choose={setState} />
      </div>
      <Wait of={list}>
        {list.value?.items.length === 0 && <p class="card">{state === "open" ? "Nothing waits for a person." : "Nothing decided yet."}</p>}
        <ul class="plain">
          {list.value?.items.map((q) => (
            <li key={q.id}>
              <a class="card link" href={`#/queue/${q.id}`}>
                <div class="row"><strong class="grow">{plain(q.kind)}</strong>{q.overdue && <span class="tag warn">Overdue</span>}{q.due !== null && q.state === "open" && <span class="soft">answer by {f.stamp(q.due)}</span>}</div>
                <p>{q.question}</p>
                <p class="soft">{f.stamp(q.created)}{q.station !== null && <> · {station(desk, q.station)}</>}{q.outcome !== null && <> · {plain(q.outcome)} by {q.by?.name}, who looked for {f.duration((q.by?.looked_ms ?? 0) / 1000)}</>}</p>
              </a>
            </li>
          ))}
        </ul>
      </Wait>
    </>
  );
}

/** What machines check, and people need not read to decide. */
const FOR_MACHINES = new Set(["leaf", "seq", "operator", "salt", "entry", "appeal", "overrides", "overridden_by"]);

function Value({ value }: { value: unknown }) {
  if (Array.isArray(value)) return <ul>{value.map((v, i) => <li key={i}><Value value={v} /></li>)}</ul>;
  if (typeof value !== "object" || value === null) return <span>{String(value)}</span>;
  return <dl class="inputs">{Object.entries(value).filter(([k, v]) => v !== null && !FOR_MACHINES.has(k)).map(([k, v]) => <div key={k}><dt>{plain(k)}</dt><dd><Value value={v} /></dd></div>)}</dl>;
}

/** A linked piece of evidence, read when it is opened: that leaves a trace, too. */
function Linked({ href }: { href: string }) {
  const { client } = useDesk();
  const path = href.startsWith("/v1/drivers/") && !href.includes("?") ? `${href}?why=${encodeURIComponent("to decide on the queue")}` : href;
  const loaded = useLoad(() => client.get<unknown>(path), [path]);
  return <Wait of={loaded}><Value value={loaded.value} /></Wait>;
}

function Evidence({ item, opened, open }: { item: Item; opened: Set<string>; open: (label: string) => void }) {
  const { client } = useDesk();
  const look = (label: string): void => {
    if (opened.has(label)) return;
    open(label);
    void client.post(`/v1/queue/${item.id}/seen`, { label });
  };
  return (
    <section class="card">
      <h2>Evidence</h2>
      {item.evidence.map((e) => (
        <details key={e.label} onToggle={(x) => {
          if (x.currentTarget.open) look(e.label);
        }}>
          <summary>{plain(e.label)}{opened.has(e.label) && <span class="soft"> (looked at)</span>}</summary>
          {e.href === undefined ? <Value value={e.value} /> : opened.has(e.label) && <Linked href={e.href} />}
        </details>
      ))}
    </section>
  );
}

interface Facts {
  engaged_s: number;
  wait_s: number;
  stops: number;
  distance_m: number;
}

/** An upheld appeal about pay says what the round really was; the statement follows from it. */
function FactsForm({ statement, facts, change }: { statement: Statement; facts: Facts; change: (f: Facts) => void }) {
  const { f } = useDesk();
  const field = (key: keyof Facts, label: string, scale: number) => (
    <Field label={label} hint={`was ${f.number(statement.facts[key] / scale, 2)}`}>
      <input type="number" min={0} step="any" value={facts[key] / scale} onInput={(e) => change({ ...facts, [key]: Math.round(Number(e.currentTarget.value) * scale) })} />
    </Field>
  );
  return <fieldset class="facts"><legend>What the round really was, if you uphold</legend>{field("engaged_s", "Engaged minutes", 60)}{field("wait_s", "Waiting minutes", 60)}{field("stops", "Stops tried", 1)}{field("distance_m", "Kilometres", 1000)}</fieldset>;
}

function statementOf(item: Item): string | null {
  const decision = item.evidence.find((e) => e.label === "decision")?.value as { kind?: string; subject?: string } | undefined;
  return item.kind === "appeal" && decision?.kind?.startsWith("statement.") === true ? (decision.subject ?? null) : null;
}

function Looking({ since }: { since: number }) {
  const { f } = useDesk();
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const s = Math.max(0, Math.round((now - since) / 1000));
  return <span class="soft num">looking for {f.duration(s)}</span>;
}

function Verdict({ item, opened }: { item: Item; opened: Set<string> }) {
  const { client, about, today } = useDesk();
  const [outcome, setOutcome] = useState<string | null>(null);
  const [reasoning, setReasoning] = useState("");
  const [facts, setFacts] = useState<Facts | null>(null);
  const [until, setUntil] = useState(daysOn(today, 7));
  const appealed = statementOf(item);
  const statement = useLoad<Statement | null>(async () => {
    if (appealed === null) return null;
    const s = await client.get<Statement>(`/v1/statements/${appealed}`);
    setFacts(s.facts);
    return s;
  }, [appealed]);
  const keeps = item.kind === "suspension.review" && outcome === "kept";
  const unseen = item.evidence.filter((e) => !opened.has(e.label)).length;
  const decide = async (): Promise<void> => {
    const body: Record<string, unknown> = { outcome, reasoning: reasoning.trim() };
    if (outcome === "upheld" && facts !== null) body["facts"] = facts;
    if (keeps) Object.assign(body, askedAgainAt(until, about.operator.zone));
    await client.post(`/v1/queue/${item.id}/decide`, body);
    go("queue");
  };
  return (
    <section class="card">
      <h2>Your decision</h2>
      <div class="row choices" role="radiogroup" aria-label="Outcome">{item.outcomes.map((o) => <label key={o} class="choice"><input type="radio" name="outcome" checked={outcome === o} onChange={() => setOutcome(o)} /> {plain(o)}</label>)}</div>
      {outcome === "upheld" && statement.value !== null && facts !== null && <FactsForm statement={statement.value} facts={facts} change={setFacts} />}
      {keeps && <AskedAgain value={until} change={setUntil} />}
      <Reasoning label="Why" value={reasoning} change={setReasoning} />
      {unseen > 0 && <p class="note warn">Open the evidence first: {unseen} not looked at.</p>}
      <Act class="primary" disabled={outcome === null || reasoning.trim().length < 20 || unseen > 0} run={decide}>Decide</Act>
    </section>
  );
}

export function QueueItemPage({ id }: { id: string }) {
  const desk = useDesk();
  const { client, f } = desk;
  const [opened, setOpened] = useState(new Set<string>());
  const [since] = useState(Date.now());
  const loaded = useLoad(() => client.post<Item>(`/v1/queue/${id}/open`), [id]);
  const item = loaded.value;
  return (
    <>
      <div class="row"><a class="button small" href="#/queue">←</a><h1 class="grow">{item === null ? "" : plain(item.kind)}</h1>{item?.state === "open" && <Looking since={since} />}</div>
      <Wait of={loaded}>
        {item !== null && (
          <div class="narrow">
            <section class="card">
              <p class="big">{item.question}</p>
              <p class="soft">Asked {f.stamp(item.created)}{item.due !== null && <>, answer by {f.stamp(item.due)}</>}{item.driver !== null && <> · <a href={`#/drivers/${item.driver}`}>the driver</a></>}</p>
            </section>
            <Evidence item={item} opened={opened} open={(l) => setOpened(new Set([...opened, l]))} />
            {item.state === "open" ? <Verdict item={item} opened={opened} /> : (
              <section class="card"><h2>{plain(item.outcome ?? "")}</h2><blockquote>{item.by?.reasoning}</blockquote><p class="soft">{item.by?.name}, {item.decided !== null && f.stamp(item.decided)}, after looking for {f.duration((item.by?.looked_ms ?? 0) / 1000)}</p></section>
            )}
          </div>
        )}
      </Wait>
    </>
  );
}
