// What she earned, line by line with its formula, and what the area really pays.
import { useState } from "preact/hooks";
import { Problem } from "../shared/api";
import type { Decision, Items, Statement } from "../shared/types";
import { Act, Field, go, save, Title, useLoad, Wait } from "../shared/ui";
import { stationName, useApp } from "./app";
import { keptFrames, lastSaid } from "./phone";
import { known } from "./strings";

interface Area {
  days: number;
  drivers_at_least: number;
  items: { station_id: string; currency: string; duties: number; drivers: number; per_engaged_hour: { lower: number; median: number; upper: number } }[];
}

function AreaPay() {
  const app = useApp();
  const { t, f, client } = app;
  const area = useLoad(() => client.get<Area>("/v1/driver/area-pay"), []);
  return (
    <section class="card">
      <h2>{t("area_pay")}</h2>
      <Wait of={area}>
        {area.value !== null && <p class="soft">{t("area_pay_text", { days: area.value.days, n: area.value.drivers_at_least })}</p>}
        {area.value?.items.length === 0 && <p>{t("area_none")}</p>}
        {area.value?.items.map((a) => {
          const money = (minor: number): string => f.money({ minor, currency: a.currency });
          const h = a.per_engaged_hour;
          return <p key={a.station_id}><strong>{stationName(app, a.station_id)}</strong>: {t("area_row", { median: money(h.median), lower: money(h.lower), upper: money(h.upper), n: a.drivers })}</p>;
        })}
      </Wait>
    </section>
  );
}

export function Pay() {
  const { t, f, client, news } = useApp();
  const list = useLoad(() => lastSaid<Items<Statement>>(client, "/v1/driver/statements"), [news]);
  return (
    <>
      <Title>{t("statements")}</Title>
      <Wait of={list}>
        {list.value?.items.length === 0 && <p class="card">{t("no_statements")}</p>}
        <ul class="plain">
          {list.value?.items.filter((s) => s.replaced_by === null).map((s) => (
            <li key={s.id}><a class="card link row" href={`#/pay/${s.id}`}>
              <span class="grow"><strong>{f.shortDay(s.from)}</strong> <span class="num">{f.time(s.from)}–{f.time(s.to)}</span></span>
              <strong class="num">{f.money({ minor: s.total, currency: s.currency })}</strong>
            </a></li>
          ))}
        </ul>
      </Wait>
      <AreaPay />
    </>
  );
}

/** The line as she would write it on paper. */
function formula(app: ReturnType<typeof useApp>, s: Statement, line: Statement["lines"][number]): string {
  const { t, f } = app;
  const rate = f.money({ minor: line.rate, currency: s.currency });
  if (line.code === "time") return t("formula_hour", { rate, n: f.exactly(line.quantity) });
  if (line.code === "distance") return t("formula_km", { rate, n: `${f.number(line.quantity / 1000, 3)} km` });
  if (line.code === "wait") return t("formula_min", { rate, n: f.exactly(line.quantity) });
  if (line.code === "true_up") return t("formula_true_up", { rate });
  return t("formula_unit", { rate, n: line.quantity });
}

/** aboutCheck: a check-in was decided, and its pictures may be on this phone. */
export function AppealForm({ decisionId, aboutCheck, done }: { decisionId: string; aboutCheck?: boolean; done: (answerBy: string) => void }) {
  const { t, client } = useApp();
  const [text, setText] = useState("");
  const [along, setAlong] = useState(false);
  const frames = useLoad(async () => (aboutCheck === true ? keptFrames() : []), [aboutCheck]);
  const send = async (): Promise<void> => {
    const a = await client.post<{ id: string; answer_by: string }>(`/v1/driver/decisions/${decisionId}/appeal`, { text: text.trim() });
    for (const picture of along ? (frames.value ?? []) : [])
      await client.post(`/v1/driver/appeals/${a.id}/pictures`, { pictures: [picture] }).catch((e: unknown) => {
        // Of another check than this one: the server knows by its hash, and the appeal stands without it.
        if (!(e instanceof Problem && e.reason === "other-picture")) throw e;
      });
    done(a.answer_by);
  };
  return (
    <>
      <Field label={t("appeal_text")}><textarea name="appeal" rows={5} maxLength={4000} value={text} onInput={(e) => setText(e.currentTarget.value)} /></Field>
      {(frames.value?.length ?? 0) > 0 && (
        <label class="check"><input type="checkbox" name="along" checked={along} onChange={(e) => setAlong(e.currentTarget.checked)} /> <span>{t("appeal_pictures")}</span></label>
      )}
      <Act class="primary wide" disabled={text.trim() === ""} run={send}>{t("appeal_send")}</Act>
    </>
  );
}

function IsItRight({ statement }: { statement: Statement }) {
  const { t, f, client, news } = useApp();
  const [open, setOpen] = useState(false);
  const decision = useLoad(() => client.get<Decision>(`/v1/driver/decisions/${statement.decision_id}`), [statement.decision_id, news]);
  const d = decision.value;
  if (d === null) return null;
  if (d.appeal.id !== null)
    return <p class="note"><a href="#/me/appeals">{d.appeal.state === "open" ? t("appeal_open") : t(known(`appeal_${d.appeal.state ?? "open"}`)!)}</a></p>;
  return (
    <section class="card">
      <h2>{t("is_right")}</h2>
      {!open && <button type="button" class="wide" disabled={!d.appeal.may} onClick={() => setOpen(true)}>{t("not_right")}</button>}
      {open && <AppealForm decisionId={d.id} done={() => decision.reload()} />}
      <p class="soft"><a href={`#/me/decisions/${d.id}`}>{t("proof")}</a>{d.appeal.until !== null && <> · {t("until", { date: f.shortDay(d.appeal.until) })}</>}</p>
    </section>
  );
}

export function StatementPage({ id }: { id: string }) {
  const app = useApp();
  const { t, f, client, news } = app;
  const loaded = useLoad(() => lastSaid<Statement>(client, `/v1/driver/statements/${id}`), [id, news]);
  const s = loaded.value;
  if (s === null) return <Wait of={loaded} />;
  const money = (minor: number): string => f.money({ minor, currency: s.currency });
  return (
    <>
      <Title back="pay">{f.day(s.from)}</Title>
      {s.replaced_by !== null && <p class="note warn"><a href={`#/pay/${s.replaced_by}`}>{t("replaced")}</a></p>}
      {s.replaces !== null && <p class="note good">{t("replaces")}</p>}
      <section class="card">
        <p class="soft">{f.time(s.from)}–{f.time(s.to)} · {f.exactly(s.facts.engaged_s)} · {f.distance(s.facts.distance_m)}</p>
        <table class="lines">
          <tbody>
            {s.lines.map((l) => (
              <tr key={l.code} data-code={l.code}><td><strong>{t(known(`pay_${l.code}`)!)}</strong><br /><span class="soft">{formula(app, s, l)}</span></td><td class="num">{money(l.amount)}</td></tr>
            ))}
          </tbody>
          <tfoot><tr><th scope="row">{t("total")}</th><td class="num"><strong data-total={s.total}>{money(s.total)}</strong></td></tr></tfoot>
        </table>
        <p class="soft">{t("vehicle_cost")}: {money(s.vehicle_cost)}<br />{t("net_hour")}: <strong>{money(s.net_per_engaged_hour)}</strong></p>
        <p class="soft">{t("plan_used", { name: s.plan.name, n: s.plan.version })}</p>
        <button type="button" onClick={() => save("STATEMENT.json", JSON.stringify(s, null, 2))}>{t("download")}</button>
      </section>
      <IsItRight statement={s} />
      <button type="button" class="quiet wide" onClick={() => go("")}>{t("done")}</button>
    </>
  );
}
