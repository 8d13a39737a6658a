// What is known of her, who looked, what was decided and why, and the way out.
import { useState } from "preact/hooks";
import { Problem } from "../shared/api";
import type { Decision, Items, Notice } from "../shared/types";
import { Act, blobBase64, Field, go, save, Title, useLoad, Wait, words } from "../shared/ui";
import { useApp } from "./app";
import { Preview, useCamera } from "./camera";
import { hintText } from "./checkin";
import { AppealForm } from "./pay";
import { Models } from "./models";
import { keep, kept } from "./phone";
import { NoticeView } from "./signup";
import { known, type Say } from "./strings";

interface Receipt {
  driver_id: string;
  at: string;
  erased: string[];
  kept: { what: string; why: string; until: string }[];
}

/** "offer.not_awarded" reads better without its punctuation. */
function plain(word: string): string {
  const s = word.replace(/[._]/g, " ");
  return s.charAt(0).toUpperCase() + s.slice(1);
}

/** In her language where the page knows the word; the server's own word otherwise. */
function kindText(t: Say, kind: string): string {
  const key = known(`kind_${kind.replace(/\./g, "_")}`);
  return key === null ? plain(kind) : t(key);
}

function outcomeText(t: Say, outcome: string): string {
  const key = known(`outcome_${outcome}`);
  return key === null ? plain(outcome) : t(key);
}

function Menu() {
  const { t, me, client, signOut } = useApp();
  const download = async (): Promise<void> => {
    save("waybill-my-data.json", JSON.stringify(await client.get<unknown>("/v1/driver/data"), null, 2));
  };
  const links: [string, string][] = [
    ["told", t("told")], ["decisions", t("decisions")], ["appeals", t("appeals")], ["access", t("who_looked")], ["notes", t("notes")], ["face", t("face_path")], ["notice", t("recorded")],
  ];
  return (
    <>
      <Title>{me.name}</Title>
      <p class="soft">{me.programme_name} · {t("number")} <code>{me.id}</code></p>
      <nav class="menu" aria-label={t("my_data")}>{links.map(([to, text]) => <a key={to} class="card link" href={`#/me/${to}`}>{text}</a>)}</nav>
      <section class="card stack">
        <Act class="wide" run={download}>{t("my_export")}</Act>
        <Act class="wide" run={() => signOut(false)}>{t("sign_out")}</Act>
        <a class="button danger wide" href="#/me/leave">{t("leave")}</a>
      </section>
    </>
  );
}

/** She changes what she told; nobody else does. */
function Told() {
  const { t, me, client, stations, refresh } = useApp();
  const [x, setX] = useState({ name: me.name, phone: me.phone ?? "", email: me.email ?? "", station: me.station, kind: me.vehicle.kind, kg: me.vehicle.capacity_g / 1000, litres: me.vehicle.capacity_ml / 1000 });
  const [saved, setSaved] = useState(false);
  const set = (change: Partial<typeof x>): void => {
    setX({ ...x, ...change });
    setSaved(false);
  };
  const put = async (): Promise<void> => {
    const orNull = (s: string): string | null => (s.trim() === "" ? null : s.trim());
    await client.send("PUT", "/v1/driver/me", {
      name: x.name.trim(), phone: orNull(x.phone), email: orNull(x.email), station: x.station,
      vehicle: { kind: x.kind, capacity_g: Math.round(x.kg * 1000), capacity_ml: Math.round(x.litres * 1000) },
    });
    setSaved(true);
    refresh();
  };
  return (
    <>
      <Title back="me">{t("told")}</Title>
      <section class="card">
        <Field label={t("name")}><input name="name" maxLength={120} value={x.name} onInput={(e) => set({ name: e.currentTarget.value })} /></Field>
        <Field label={t("phone")}><input name="phone" type="tel" value={x.phone} onInput={(e) => set({ phone: e.currentTarget.value })} /></Field>
        <Field label={t("email")}><input name="email" type="email" value={x.email} onInput={(e) => set({ email: e.currentTarget.value })} /></Field>
        <Field label={t("told_station")}><select name="station" value={x.station} onChange={(e) => set({ station: e.currentTarget.value })}>{stations.map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}</select></Field>
        <Field label={t("vehicle")}><select name="vehicle" value={x.kind} onChange={(e) => set({ kind: e.currentTarget.value })}>{(["van", "car", "cargo_bike", "bike", "foot"] as const).map((k) => <option key={k} value={k}>{t(k)}</option>)}</select></Field>
        <Field label={t("told_kilos")}><input name="kg" type="number" min={0} value={x.kg} onInput={(e) => set({ kg: Number(e.currentTarget.value) })} /></Field>
        <Field label={t("told_litres")}><input name="litres" type="number" min={0} value={x.litres} onInput={(e) => set({ litres: Number(e.currentTarget.value) })} /></Field>
        <Act class="primary wide" run={put}>{t("save")}</Act>
        {saved && <p class="note good" role="status">{t("saved")}</p>}
      </section>
    </>
  );
}

function Access() {
  const { t, f, client, news } = useApp();
  const list = useLoad(() => client.get<Items<{ at: string; name: string | null; what: string; why: string }>>("/v1/driver/access-log"), [news]);
  return (
    <>
      <Title back="me">{t("who_looked")}</Title>
      <Wait of={list}>
        {list.value?.items.length === 0 && <p class="card">{t("nobody_looked")}</p>}
        <ul class="plain">{list.value?.items.map((a) => <li key={a.at + a.what} class="card"><strong>{a.name}</strong> · {f.stamp(a.at)}<br />{plain(a.what)}: {a.why}</li>)}</ul>
      </Wait>
    </>
  );
}

function Notes() {
  const { t, f, client, news } = useApp();
  const list = useLoad(() => client.get<Items<{ id: string; at: string; name: string | null; text: string }>>("/v1/driver/notes"), [news]);
  return (
    <>
      <Title back="me">{t("notes")}</Title>
      <Wait of={list}>
        {list.value?.items.length === 0 && <p class="card">{t("no_notes")}</p>}
        <ul class="plain">{list.value?.items.map((n) => <li key={n.id} class="card"><strong>{n.name}</strong> · {f.stamp(n.at)}<br />{n.text}</li>)}</ul>
      </Wait>
    </>
  );
}

function Decisions() {
  const { t, f, client, news } = useApp();
  const list = useLoad(() => client.get<Items<Decision>>("/v1/driver/decisions?limit=100"), [news]);
  return (
    <>
      <Title back="me">{t("decisions")}</Title>
      <Wait of={list}>
        {list.value?.items.length === 0 && <p class="card">{t("no_decisions")}</p>}
        <ul class="plain">
          {list.value?.items.map((d) => (
            <li key={d.id}><a class="card link" href={`#/me/decisions/${d.id}`}>
              <strong>{kindText(t, d.kind)}</strong>: {outcomeText(t, d.outcome)}<br />
              <span class="soft">{f.stamp(d.at)} · {d.by.kind === "rule" ? t("by_rule") : t("by_person", { name: d.by.name ?? "" })}</span>
            </a></li>
          ))}
        </ul>
      </Wait>
    </>
  );
}

function Inputs({ value }: { value: unknown }) {
  if (typeof value !== "object" || value === null) return <span>{String(value)}</span>;
  return <dl class="inputs">{Object.entries(value).map(([k, v]) => <div key={k}><dt>{plain(k)}</dt><dd><Inputs value={v} /></dd></div>)}</dl>;
}

function DecisionPage({ id }: { id: string }) {
  const { t, f, client, news } = useApp();
  const loaded = useLoad(() => client.get<Decision>(`/v1/driver/decisions/${id}`), [id, news]);
  const [asking, setAsking] = useState(false);
  const d = loaded.value;
  if (d === null) return <Wait of={loaded} />;
  const person = d.by.kind === "person";
  return (
    <>
      <Title back="me/decisions">{kindText(t, d.kind)}</Title>
      <section class="card">
        <p class="big"><strong>{outcomeText(t, d.outcome)}</strong></p>
        <p class="soft">{f.stamp(d.at)} · {person ? t("by_person", { name: d.by.name ?? "" }) : t("by_rule")}</p>
        <p>{d.purpose}</p>
        {d.overridden_by !== null && <p class="note"><a href={`#/me/decisions/${d.overridden_by}`}>{t("overridden")}</a></p>}
        {person && d.by.reasoning !== undefined && <blockquote><small class="soft">{t("their_words")}</small><br />{d.by.reasoning}</blockquote>}
        <dl class="inputs">
          <div><dt>{t("reason")}</dt><dd>{plain(d.reason)}</dd></div>
          <div><dt>{t("rule")}</dt><dd><code>{d.rule}</code></dd></div>
        </dl>
        <details><summary>{t("inputs")}</summary><Inputs value={d.inputs} /></details>
      </section>
      <section class="card">
        <h2>{t("proof")}</h2>
        <p class="soft">{t("proof_text")}</p>
        <code class="hash">{d.leaf.entry}</code>
        <p>{typeof d.leaf.index === "number" ? t("proof_number", { n: d.leaf.index, of: d.leaf.size ?? "" }) : t("proof_waits")}</p>
        <button type="button" onClick={() => save("PROOF.json", JSON.stringify(d.leaf, null, 2))}>{t("download")}</button>
      </section>
      {d.appeal.id !== null && <p class="note"><a href="#/me/appeals">{t("appeals")}</a></p>}
      {d.appeal.may && !asking && <button type="button" class="wide" onClick={() => setAsking(true)}>{t("appeal")}</button>}
      {d.appeal.may && asking && <section class="card"><AppealForm decisionId={d.id} aboutCheck={d.kind.startsWith("checkin.")} done={() => go("me/appeals")} /></section>}
    </>
  );
}

interface Appeal {
  id: string;
  decision: string;
  text: string;
  state: "open" | "upheld" | "rejected";
  due: string;
  answer: string | null;
}

function Appeals() {
  const { t, f, client, news } = useApp();
  const list = useLoad(() => client.get<Items<Appeal>>("/v1/driver/appeals"), [news]);
  return (
    <>
      <Title back="me">{t("appeals")}</Title>
      <ul class="plain">
        {list.value?.items.map((a) => (
          <li key={a.id} class="card">
            <span class={`tag ${a.state === "upheld" ? "good" : ""}`}>{t(known(`appeal_${a.state}`)!)}</span> {a.state === "open" && <span class="soft">{t("answer_by", { date: f.shortDay(a.due) })}</span>}
            <p>{a.text}</p>
            <a href={`#/me/decisions/${a.answer ?? a.decision}`}>{a.answer === null ? t("decisions") : t("their_words")}</a>
          </li>
        ))}
      </ul>
    </>
  );
}

// --- the face path ---

interface Enrolment {
  enrolled: boolean;
  since: string | null;
  ends: string | null;
  consent_text: { version: string; purpose: string; term_days: number; text: string[]; lawful_basis: string; dpia_reference: string };
}

function Enrol({ version, done }: { version: string; done: () => void }) {
  const { t, client } = useApp();
  const shutter = useCamera("user");
  const [hint, setHint] = useState<string | null>(null);
  const take = async (): Promise<void> => {
    setHint(null);
    const pictures = [await blobBase64(await shutter.take()), await blobBase64(await shutter.take())];
    try {
      await client.post("/v1/driver/enrolment", { consent: { text_version: version, accepted: true }, pictures });
      done();
    } catch (e) {
      const text = e instanceof Problem && e.reason === "poor-capture" ? hintText(t, e.body.hint) : null;
      setHint(text ?? words(e));
    }
  };
  return (
    <div class="stack">
      <Preview shutter={shutter} mirror label={t("face_path")} />
      {hint !== null && <p class="note warn" role="alert">{hint}</p>}
      <Act class="primary wide huge" disabled={!shutter.ready} run={take}>{t("face_enrol")}</Act>
    </div>
  );
}

function Face() {
  const { t, f, me, client, news, refresh } = useApp();
  const [reading, setReading] = useState(false);
  const [agreed, setAgreed] = useState(false);
  const state = useLoad<Enrolment | null>(async () => (me.face_available ? client.get<Enrolment>("/v1/driver/enrolment") : null), [me.face_available, news]);
  const e = state.value;
  const changed = (): void => {
    setReading(false);
    state.reload();
    refresh();
  };
  const stop = async (): Promise<void> => {
    await client.send("DELETE", "/v1/driver/enrolment");
    changed();
  };
  return (
    <>
      <Title back="me">{t("face_path")}</Title>
      <p><a href="#/me/models">{t("models")}</a></p>
      {!me.face_available && <p class="card">{t("face_off")}</p>}
      {e !== null && e.enrolled && (
        <section class="card">
          <p class="note good" role="status">{t("face_on")}</p>
          <p>{t("face_since", { date: e.since === null ? "" : f.shortDay(e.since), end: e.ends === null ? "" : f.shortDay(e.ends) })}</p>
          <Act class="danger wide" run={stop}>{t("face_stop")}</Act>
        </section>
      )}
      {e !== null && !e.enrolled && (
        <section class="card">
          <p>{t("face_offer")}</p>
          {!reading && <button type="button" class="wide" onClick={() => setReading(true)}>{t("face_start")}</button>}
          {reading && (
            <>
              <h2>{e.consent_text.purpose}</h2>
              <ul>{e.consent_text.text.map((l) => <li key={l}>{l}</li>)}</ul>
              <p class="soft">{e.consent_text.lawful_basis} · {e.consent_text.dpia_reference} · {e.consent_text.term_days} d</p>
              <label class="check"><input type="checkbox" name="consent" checked={agreed} onChange={(x) => setAgreed(x.currentTarget.checked)} /> <span>{t("face_consent")}</span></label>
              {agreed && <Enrol version={e.consent_text.version} done={changed} />}
            </>
          )}
        </section>
      )}
    </>
  );
}

// --- leaving ---

function Leave() {
  const { t, client, signOut } = useApp();
  const [typed, setTyped] = useState("");
  const leave = async (): Promise<void> => {
    const receipt = await client.post<Receipt>("/v1/driver/leave", { confirm: true });
    await signOut(true);
    await keep("receipt", receipt);
    go("left");
  };
  return (
    <>
      <Title back="me">{t("leave")}</Title>
      <section class="card">
        <p>{t("leave_text")}</p>
        <Field label={t("leave_type")}><input name="leave" autocomplete="off" autocapitalize="characters" value={typed} onInput={(e) => setTyped(e.currentTarget.value)} /></Field>
        <Act class="danger wide" disabled={typed.trim().toUpperCase() !== "LEAVE"} run={leave}>{t("leave_yes")}</Act>
      </section>
    </>
  );
}

function Left() {
  const { t, f } = useApp();
  const receipt = useLoad(() => kept<Receipt>("receipt"), []);
  const r = receipt.value;
  return (
    <>
      <Title>{t("left")}</Title>
      {r !== null && (
        <section class="card">
          <h2>{t("left_erased")}</h2>
          <ul>{r.erased.map((e) => <li key={e}>{e}</li>)}</ul>
          <h2>{t("left_kept")}</h2>
          <ul>{r.kept.map((k) => <li key={k.what}>{k.what}: {k.why}, {t("until", { date: f.date(k.until) })}</li>)}</ul>
          <button type="button" onClick={() => save("waybill-receipt.json", JSON.stringify(r, null, 2))}>{t("receipt")}</button>
        </section>
      )}
    </>
  );
}

function NoticePage() {
  const { t, client } = useApp();
  const notice = useLoad(() => client.get<Notice>("/v1/notice"), []);
  return <><Title back="me">{t("recorded")}</Title><section class="card"><Wait of={notice}>{notice.value !== null && <NoticeView notice={notice.value} />}</Wait></section></>;
}

export function Me({ route }: { route: string[] }) {
  const [page, id] = route;
  switch (page) {
    case "told": return <Told />;
    case "access": return <Access />;
    case "notes": return <Notes />;
    case "decisions": return id === undefined ? <Decisions /> : <DecisionPage id={id} />;
    case "appeals": return <Appeals />;
    case "face": return <Face />;
    case "models": return <Models />;
    case "leave": return <Leave />;
    case "left": return <Left />;
    case "notice": return <NoticePage />;
    default: return <Menu />;
  }
}
