// Signing up: first what is recorded, then who she is.
import { useState } from "preact/hooks";
import type { Notice } from "../shared/types";
import { Act, Field, Title, useLoad, Wait } from "../shared/ui";
import { useApp } from "./app";
import { signUp, type SignUp } from "./phone";
import { known } from "./strings";

// What such a vehicle usually carries: grams and millilitres.
const VEHICLES = {
  van: [800_000, 6_000_000],
  car: [250_000, 900_000],
  cargo_bike: [100_000, 400_000],
  bike: [20_000, 80_000],
  foot: [12_000, 40_000],
} as const;
type Vehicle = keyof typeof VEHICLES;

export function NoticeView({ notice }: { notice: Notice }) {
  const { t, f } = useApp();
  return (
    <div class="notice">
      <p class="soft">{notice.name} · {t("version", { n: notice.version, date: f.shortDay(notice.from) })}</p>
      {notice.monitored.map((m) => (
        <details key={m.datum}>
          <summary>{m.datum}{!m.on && <span class="soft"> ({t("watched_off")})</span>}</summary>
          <p>{m.purpose}. {m.when}.</p>
          <p class="soft">{t("seen_by")}: {m.seen_by}. {t("kept")}: {m.kept}.</p>
        </details>
      ))}
      <details class="part"><summary>{t("watched_never")}</summary><ul>{notice.never.map((n) => <li key={n}>{n}</li>)}</ul></details>
      <details class="part">
        <summary>{t("watched_rules")}</summary>
        {notice.rules.map((r) => <div key={r.rule}><code>{r.rule}</code><ul>{r.parameters.map((p) => <li key={p.name}>{p.text} <span class="soft">({p.weight})</span></li>)}</ul></div>)}
      </details>
      <details class="part"><summary>{t("watched_rights")}</summary><ul>{notice.rights.map((r) => <li key={r}>{r}</li>)}</ul></details>
    </div>
  );
}

function emptyToNull(s: string): string | null {
  return s.trim() === "" ? null : s.trim();
}

export function SignUpPage({ done }: { done: () => void }) {
  const { t, client, about, language } = useApp();
  const notice = useLoad(() => client.get<Notice>("/v1/notice"), []);
  const [form, setForm] = useState({ name: "", birth_date: "", phone: "", email: "" });
  const [kind, setKind] = useState<Vehicle>("car");
  const [agreed, setAgreed] = useState(false);
  const set = (key: keyof typeof form) => (e: { currentTarget: HTMLInputElement }): void => setForm({ ...form, [key]: e.currentTarget.value });
  const complete = form.name.trim().length >= 2 && form.birth_date !== "" && (form.phone + form.email).trim() !== "" && agreed;
  const send = async (): Promise<void> => {
    const who: SignUp = {
      name: form.name.trim(), birth_date: form.birth_date, phone: emptyToNull(form.phone.replace(/[\s-]/g, "")), email: emptyToNull(form.email), language,
      vehicle: { kind, capacity_g: VEHICLES[kind][0], capacity_ml: VEHICLES[kind][1] },
    };
    await signUp(client, who);
    done();
  };
  const problem = (e: unknown): string => (e instanceof DOMException && e.name === "NotSupportedError" ? t("no_key") : e instanceof Error ? e.message : String(e));
  return (
    <>
      <Title>{t("welcome", { name: about.operator.name })}</Title>
      <p>{t("welcome_text")}</p>
      <section class="card" aria-labelledby="watched">
        <h2 id="watched">{t("watched")}</h2>
        <Wait of={notice}>{notice.value !== null && <NoticeView notice={notice.value} />}</Wait>
      </section>
      <section class="card">
        <h2>{t("sign_up")}</h2>
        <Field label={t("name")}><input name="name" autocomplete="name" maxLength={120} value={form.name} onInput={set("name")} /></Field>
        <Field label={t("birth_date")} hint={t("of_age")}><input name="birth_date" type="date" autocomplete="bday" value={form.birth_date} onInput={set("birth_date")} /></Field>
        <Field label={t("phone")}><input name="phone" type="tel" autocomplete="tel" placeholder="+46701234567" value={form.phone} onInput={set("phone")} /></Field>
        <Field label={t("email")} hint={t("one_contact")}><input name="email" type="email" autocomplete="email" value={form.email} onInput={set("email")} /></Field>
        <fieldset class="choices">
          <legend>{t("vehicle")}</legend>
          {(Object.keys(VEHICLES) as Vehicle[]).map((v) => (
            <label key={v} class="choice"><input type="radio" name="vehicle" checked={kind === v} onChange={() => setKind(v)} /> {t(known(v)!)}</label>
          ))}
        </fieldset>
        {notice.value !== null && (
          <label class="check"><input type="checkbox" name="agree" checked={agreed} onChange={(e) => setAgreed(e.currentTarget.checked)} /> <span>{t("agree", { n: notice.value.version })}</span></label>
        )}
        <p class="soft">{t("key_note")}</p>
        <Act class="primary wide" disabled={!complete} run={send} describe={problem}>{t("sign_up_now")}</Act>
      </section>
    </>
  );
}
