// The round: load, drive, hand over, come back, close. Works without a
// connection: what was done is shown as done, "not sent yet", and sent in order.
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../shared/api";
import { LazyMap } from "../shared/lazymap";
import type { Line, Pin } from "../shared/map";
import "../shared/map.css";
import type { Duty, Stop } from "../shared/types";
import { Act, Field, go, type Loaded, Segments, Title, Trouble, useLoad, Wait } from "../shared/ui";
import { useApp } from "./app";
import { Photo, Scanner } from "./camera";
import { lastSaid, type Unsent } from "./phone";
import { known } from "./strings";

// --- the round as this phone knows it ---

function after(stop: Stop, u: Unsent): Stop {
  const act = u.path.slice(u.path.lastIndexOf("/") + 1);
  if (act === "arrive") return { ...stop, state: "arrived" };
  if (act === "deliver") return { ...stop, state: "delivered" };
  if (act === "return") return { ...stop, state: "returned" };
  if (act === "fail") return stop.attempts === 0 ? { ...stop, state: "open", attempts: 1, seq: stop.seq + 1000 } : { ...stop, state: "failed", attempts: 2 };
  return stop;
}

/** What waits to be sent has happened already. */
function overlay(duty: Duty, unsent: Unsent[]): Duty {
  let d = duty;
  for (const u of unsent) {
    if (u.path.endsWith("/depart")) d = { ...d, state: "driving" };
    if (u.path.endsWith("/scan")) {
      const code = (u.body as { barcode: string }).barcode;
      d = { ...d, stops: d.stops.map((s) => ({ ...s, shipment: { ...s.shipment, parcels: s.shipment.parcels.map((p) => (p.barcode === code ? { ...p, loaded: "now" } : p)) } })) };
    }
    if (u.stop !== null) d = { ...d, stops: d.stops.map((s) => (s.id === u.stop ? after(s, u) : s)) };
  }
  return { ...d, stops: [...d.stops].sort((a, b) => a.seq - b.seq) };
}

function useDuty(): Loaded<Duty> {
  const { client, outbox, news } = useApp();
  const n = outbox.unsent.length;
  const loaded = useLoad<Duty>(async () => {
    return overlay(await lastSaid<Duty>(client, "/v1/driver/duty"), outbox.unsent);
  }, [news, n]);
  return loaded;
}

function toDo(duty: Duty): Stop[] {
  return duty.stops.filter((s) => s.state === "open" || s.state === "arrived");
}

function useSend(reload: () => void): <T>(path: string, body: unknown, what: string, stop?: string) => Promise<T | null> {
  const { outbox } = useApp();
  return async (path, body, what, stop) => {
    const answer = await outbox.send(path, body, what, stop ?? null);
    reload();
    return answer as never;
  };
}

// --- loading ---

function Loading({ duty, reload }: { duty: Duty; reload: () => void }) {
  const { t, client } = useApp();
  const [code, setCode] = useState("");
  const [camera, setCamera] = useState(false);
  const [asking, setAsking] = useState(false);
  const send = useSend(reload);
  const parcels = duty.stops.flatMap((s, i) => s.shipment.parcels.map((p) => ({ ...p, stop: s, n: i + 1 })));
  const left = parcels.filter((p) => p.loaded === null);
  const load = async (barcode: string): Promise<void> => {
    await send("/v1/driver/duty/scan", { barcode }, `${t("load")} ${barcode}`);
    setCode("");
  };
  const wrong = (e: unknown): string => (e instanceof Problem && e.reason === "not-yours" ? t("not_yours") : String((e as Error).message));
  const depart = async (): Promise<void> => {
    await client.post("/v1/driver/duty/depart", left.length > 0 ? { without_missing: true } : {});
    reload();
  };
  return (
    <>
      <Title back="">{t("loading")}</Title>
      {duty.stops.length === 0 && <p class="note warn">{t("no_stops")}</p>}
      <section class="card">
        <p role="status" class="big">{left.length > 0 ? t("loading_left", { n: left.length }) : t("loading_all")}</p>
        <progress max={Math.max(1, parcels.length)} value={parcels.length - left.length} />
        {left.length > 0 && (
          <>
            {camera && <Scanner found={(c) => void load(c).catch(() => undefined)} />}
            <Field label={t("barcode")}><input name="barcode" value={code} autocomplete="off" autocapitalize="characters" onInput={(e) => setCode(e.currentTarget.value)} onKeyDown={(e) => {
              if (e.key === "Enter" && code !== "") void load(code.trim()).catch(() => undefined);
            }} /></Field>
            <div class="row">
              <Act class="primary" disabled={code.trim() === ""} run={() => load(code.trim())} describe={wrong}>{t("load")}</Act>
              {globalThis.BarcodeDetector !== undefined && <button type="button" onClick={() => setCamera(!camera)}>{t("scan")}</button>}
            </div>
          </>
        )}
        {left.length === 0 && <Act class="primary wide huge" run={depart}>{t("depart")}</Act>}
      </section>
      <ul class="plain">
        {[...parcels].reverse().map((p) => (
          <li key={p.barcode} class="card row parcel">
            <span class="grow"><strong>{p.n}.</strong> {p.stop.shipment.address}<br /><code>{p.barcode}</code></span>
            {p.loaded === null ? <Act run={() => load(p.barcode)}>{t("load")}</Act> : <span class="tag good">{t("loaded")}</span>}
          </li>
        ))}
      </ul>
      {left.length > 0 && !asking && <button type="button" class="quiet wide" onClick={() => setAsking(true)}>{t("depart_without", { n: left.length })}</button>}
      {asking && (
        <div class="note warn"><p>{t("depart_without_ask")}</p><div class="row"><Act class="danger" run={depart}>{t("depart_without", { n: left.length })}</Act><button type="button" onClick={() => setAsking(false)}>{t("cancel")}</button></div></div>
      )}
    </>
  );
}

// --- on the road ---

function pinsOf(duty: Duty, next: Stop | undefined, me: { lat: number; lon: number } | null): Pin[] {
  const pins: Pin[] = duty.stops.map((s, i) => ({
    id: s.id, place: s.place, text: String(i + 1), label: `${i + 1}. ${s.shipment.address ?? ""}`, press: () => go(`stop/${s.id}`),
    kind: s.id === next?.id ? "next" : s.state === "failed" ? "failed" : s.state === "open" || s.state === "arrived" ? "stop" : "done",
  }));
  pins.push({ id: "depot", place: duty.plan.depot, text: "■", label: "Depot", kind: "depot" });
  if (me !== null) pins.push({ id: "me", place: me, text: "", label: "You", kind: "me" });
  return pins;
}

function linesOf(duty: Duty, next: Stop | undefined): Line[] {
  const lines: Line[] = toDo(duty).filter((s) => s.id !== next?.id && s.shape !== null).map((s) => ({ shape: s.shape!, part: "rest" }));
  const near = next === undefined ? duty.plan.back_shape : next.shape;
  if (near !== null) lines.push({ shape: near, part: "next" });
  return lines;
}

function RoundMap({ duty, next }: { duty: Duty; next: Stop | undefined }) {
  const { about, place, t } = useApp();
  return <div class="roundmap"><LazyMap about={about} pins={pinsOf(duty, next, place)} lines={linesOf(duty, next)} fit={next?.id ?? "back"} label={t("round")} /></div>;
}

function windowText(app: ReturnType<typeof useApp>, s: Stop): string | null {
  const { earliest, latest } = s.shipment.window;
  return earliest === null || latest === null ? null : app.t("window", { from: app.f.time(earliest), to: app.f.time(latest) });
}

function StopHead({ duty, stop }: { duty: Duty; stop: Stop }) {
  const app = useApp();
  const { t, f, outbox } = app;
  const unsent = outbox.unsent.some((u) => u.stop === stop.id);
  const hours = windowText(app, stop);
  return (
    <div class="stophead">
      <p class="soft">
        {t("stop_of", { n: Math.min(duty.stops.length, duty.stops.findIndex((s) => s.id === stop.id) + 1), of: duty.stops.length })}
        {stop.attempts > 0 && <> · {t("second_try")}</>}{unsent && <> · <strong>{t("not_sent")}</strong></>}
      </p>
      <p class="big"><strong>{stop.shipment.address}</strong></p>
      <p>{stop.shipment.recipient?.name} · {t("parcels_n", { n: stop.shipment.parcels.length })}</p>
      <p>{stop.eta !== null && t("eta", { time: f.time(stop.eta) })}{hours !== null && <> · {hours}</>} · <span class="num">{f.distance(stop.leg_m)}</span></p>
      {stop.walk_s >= 10 && <p class="soft">{t("walk_there", { s: Math.round(stop.walk_s / 5) * 5 })}{stop.park !== undefined && <> · <a href={`geo:${stop.park.lat},${stop.park.lon}?q=${stop.park.lat},${stop.park.lon}`}>{t("vans_stand")}</a></>}</p>}
      {stop.shipment.notes !== null && <p class="hint">{stop.shipment.notes}</p>}
    </div>
  );
}

function Driving({ duty, reload }: { duty: Duty; reload: () => void }) {
  const { t } = useApp();
  const next = toDo(duty)[0];
  const aboard = duty.stops.filter((s) => s.state === "failed");
  return (
    <>
      <Title back="">{next === undefined ? t("back_to_depot") : t("next_stop")}</Title>
      <RoundMap duty={duty} next={next} />
      {next !== undefined && <section class="card"><StopHead duty={duty} stop={next} /><StopActs stop={next} reload={reload} /></section>}
      {next === undefined && <HandBack stops={aboard} reload={reload} />}
      <details class="card">
        <summary>{t("all_stops")}</summary>
        <ol class="stops">
          {duty.stops.map((s) => (
            <li key={s.id}><a href={`#/stop/${s.id}`}><span class="grow">{s.shipment.address}</span><span class={`tag ${s.state}`}>{t(known(`state_${s.state}`)!)}</span></a></li>
          ))}
        </ol>
        {toDo(duty).length > 1 && <a class="button wide" href="#/round/order">{t("own_order")}</a>}
      </details>
      <p class="soft">{t("tracking_on")}</p>
    </>
  );
}

// --- her own order ---

function moved(ids: string[], from: number, to: number): string[] {
  const list = [...ids];
  list.splice(to, 0, ...list.splice(from, 1));
  return list;
}

function OrderList({ stops, reload }: { stops: Stop[]; reload: () => void }) {
  const { t, f, client, outbox } = useApp();
  const [ids, setIds] = useState(() => stops.map((s) => s.id));
  const [said, setSaid] = useState("");
  const list = ids.map((id) => stops.find((s) => s.id === id)).filter((s): s is Stop => s !== undefined);
  const changed = ids.some((id, i) => id !== stops[i]?.id);
  const move = (from: number, to: number): void => {
    setIds(moved(ids, from, to));
    setSaid(t("order_moved", { address: list[from]?.shipment.address ?? "", n: to + 1 }));
  };
  const save = async (): Promise<void> => {
    await outbox.flush();
    if (outbox.unsent.length > 0) throw new Error(t("not_sent_n", { n: outbox.unsent.length }));
    await client.post("/v1/driver/duty/reorder", { stop_ids: ids });
    reload();
    go("round");
  };
  return (
    <>
      <p class="soft">{t("own_order_text")}</p>
      <ol class="stops order">
        {list.map((s, i) => (
          <li key={s.id}>
            <span class="grow">{s.shipment.address}{s.shipment.window.latest !== null && <span class="soft"> · {t("before_time", { time: f.time(s.shipment.window.latest) })}</span>}</span>
            <span class="acts">
              <button type="button" disabled={i === 0} aria-label={`${t("earlier")}: ${s.shipment.address ?? ""}`} onClick={() => move(i, i - 1)}>↑</button>
              <button type="button" disabled={i === list.length - 1} aria-label={`${t("later")}: ${s.shipment.address ?? ""}`} onClick={() => move(i, i + 1)}>↓</button>
              <button type="button" disabled={i === 0} aria-label={`${t("next_up")}: ${s.shipment.address ?? ""}`} onClick={() => move(i, 0)}>⤒</button>
            </span>
          </li>
        ))}
      </ol>
      <p class="sr" aria-live="polite">{said}</p>
      <div class="row">
        <Act class="primary wide" disabled={!changed} run={save}>{t("order_keep")}</Act>
        {changed && <button type="button" onClick={() => setIds(stops.map((s) => s.id))}>{t("undo")}</button>}
      </div>
    </>
  );
}

export function RoundOrder() {
  const { t } = useApp();
  const duty = useDuty();
  return (
    <>
      <Title back="round">{t("own_order")}</Title>
      <Wait of={duty}>{duty.value !== null && <section class="card"><OrderList key={toDo(duty.value).map((s) => s.id).join()} stops={toDo(duty.value)} reload={duty.reload} /></section>}</Wait>
    </>
  );
}

function HandBack({ stops, reload }: { stops: Stop[]; reload: () => void }) {
  const { t } = useApp();
  const send = useSend(reload);
  if (stops.length === 0)
    return <section class="card"><p>{t("close_text")}</p><a class="button primary wide huge" href="#/round/close">{t("close")}</a></section>;
  const all = async (): Promise<void> => {
    for (const s of stops) await send(`/v1/driver/stops/${s.id}/return`, {}, t("hand_back", { n: 1 }), s.id);
  };
  return (
    <section class="card">
      <p>{t("hand_back_text")}</p>
      <ul>{stops.flatMap((s) => s.shipment.parcels).map((p) => <li key={p.barcode}><code>{p.barcode}</code></li>)}</ul>
      <Act class="primary wide huge" run={all}>{t("hand_back", { n: stops.length })}</Act>
    </section>
  );
}

export function Round() {
  const duty = useDuty();
  useEffect(() => {
    if (duty.error instanceof Problem && duty.error.reason === "no-duty") go("");
  }, [duty.error]);
  return (
    <Wait of={duty}>
      {duty.value !== null && (duty.value.state === "loading" ? <Loading duty={duty.value} reload={duty.reload} /> : <Driving duty={duty.value} reload={duty.reload} />)}
    </Wait>
  );
}

export function CloseRound() {
  const { t, client, outbox, refresh } = useApp();
  const close = async (): Promise<void> => {
    await outbox.flush();
    if (outbox.unsent.length > 0) throw new Error(t("not_sent_n", { n: outbox.unsent.length }));
    const c = await client.post<{ statement_id: string }>("/v1/driver/duty/close");
    refresh();
    go(`pay/${c.statement_id}`);
  };
  return (
    <>
      <Title back="round">{t("close")}</Title>
      <section class="card"><p>{t("close_text")}</p><Act class="primary wide huge" run={close}>{t("close")}</Act></section>
    </>
  );
}

// --- one stop ---

function StopActs({ stop, reload }: { stop: Stop; reload: () => void }) {
  const { t, place } = useApp();
  const send = useSend(reload);
  const arrive = async (): Promise<void> => {
    await send(`/v1/driver/stops/${stop.id}/arrive`, place === null ? {} : { place }, t("arrived"), stop.id);
  };
  const maps = `geo:${stop.place.lat},${stop.place.lon}?q=${stop.place.lat},${stop.place.lon}`;
  const phone = stop.shipment.recipient?.phone ?? null;
  return (
    <div class="acts">
      {stop.state === "open" && <Act class="primary wide huge" run={arrive}>{t("arrived")}</Act>}
      {stop.state === "arrived" && <a class="button primary wide huge" href={`#/stop/${stop.id}/deliver`}>{t("deliver")}</a>}
      <div class="row">
        {stop.state === "open" && <a class="button grow" href={maps}>{t("navigate")}</a>}
        {phone !== null && <a class="button grow" href={`tel:${phone}`}>{t("call")}</a>}
        {(stop.state === "open" || stop.state === "arrived") && <a class="button grow" href={`#/stop/${stop.id}/fail`}>{t("cannot")}</a>}
      </div>
    </div>
  );
}

type Kind = "photo" | "code" | "none";

function Deliver({ stop, reload }: { stop: Stop; reload: () => void }) {
  const { t } = useApp();
  const codeOnly = stop.shipment.proof === "code";
  const photoOnly = stop.shipment.proof === "photo";
  const [kind, setKind] = useState<Kind>(codeOnly ? "code" : "photo");
  const [photo, setPhoto] = useState<string | null>(null);
  const [text, setText] = useState("");
  const [to, setTo] = useState<"recipient" | "neighbour" | "safe_place">("recipient");
  const send = useSend(reload);
  const kinds: Kind[] = codeOnly ? ["code"] : photoOnly ? ["photo"] : ["photo", "code", "none"];
  const ready = kind === "photo" ? photo !== null : kind === "code" ? text.trim() !== "" : text.trim().length >= 3;
  const deliver = async (): Promise<void> => {
    const proof = kind === "photo" ? { photo } : kind === "code" ? { code: text.trim() } : { none_reason: text.trim() };
    await send(`/v1/driver/stops/${stop.id}/deliver`, { proof, to }, `${t("deliver")} ${stop.shipment.address ?? ""}`, stop.id);
    go("round");
  };
  return (
    <section class="card stack">
      {codeOnly && <p class="note">{t("code_only")}</p>}
      {kinds.length > 1 && (
        <Segments label={t("hand_over")} value={kind} options={kinds.map((k) => [k, t(known(`proof_${k}`)!)])} choose={(k) => {
          setKind(k);
          setText("");
        }} />
      )}
      {kind === "photo" && <><Photo taken={setPhoto} /><p class="soft">{t("proof_photo_note")}</p></>}
      {kind === "code" && <Field label={t("proof_code_ask")}><input name="code" inputMode="numeric" autocomplete="off" maxLength={12} value={text} onInput={(e) => setText(e.currentTarget.value)} /></Field>}
      {kind === "none" && <Field label={t("proof_none_ask")}><textarea name="none_reason" maxLength={500} value={text} onInput={(e) => setText(e.currentTarget.value)} /></Field>}
      <Segments label={t("to")} value={to} options={(["recipient", "neighbour", "safe_place"] as const).map((w) => [w, t(known(`to_${w}`)!)])} choose={setTo} />
      <Act class="primary wide huge" disabled={!ready} run={deliver}>{t("deliver")}</Act>
    </section>
  );
}

const REASONS = ["nobody_home", "no_access", "refused", "address_wrong", "damaged", "other"] as const;

function Fail({ stop, reload }: { stop: Stop; reload: () => void }) {
  const { t } = useApp();
  const [reason, setReason] = useState<(typeof REASONS)[number] | null>(null);
  const [note, setNote] = useState("");
  const send = useSend(reload);
  const fail = async (): Promise<void> => {
    await send(`/v1/driver/stops/${stop.id}/fail`, note.trim() === "" ? { reason } : { reason, note: note.trim() }, `${t("cannot")} ${stop.shipment.address ?? ""}`, stop.id);
    go("round");
  };
  return (
    <section class="card stack">
      <p class="soft">{t("fail_text")}</p>
      <fieldset class="choices">
        <legend class="sr">{t("cannot")}</legend>
        {REASONS.map((r) => <label key={r} class="choice"><input type="radio" name="reason" checked={reason === r} onChange={() => setReason(r)} /> {t(known(`fail_${r}`)!)}</label>)}
      </fieldset>
      <Field label={t("fail_note")}><textarea name="note" maxLength={500} value={note} onInput={(e) => setNote(e.currentTarget.value)} /></Field>
      <p>{stop.attempts === 0 ? t("again_later") : t("goes_back")}</p>
      <Act class="primary wide huge" disabled={reason === null} run={fail}>{t("cannot")}</Act>
    </section>
  );
}

export function StopPage({ id, act }: { id: string; act: string }) {
  const { t } = useApp();
  const duty = useDuty();
  const stop = duty.value?.stops.find((s) => s.id === id);
  const send = useSend(duty.reload);
  if (duty.value === null || stop === undefined) return <><Title back="round">{t("round")}</Title>{duty.error !== null && <Trouble error={duty.error} />}</>;
  const open = stop.state === "open" || stop.state === "arrived";
  return (
    <>
      <Title back="round">{act === "deliver" ? t("hand_over") : act === "fail" ? t("cannot") : t("stop_of", { n: duty.value.stops.indexOf(stop) + 1, of: duty.value.stops.length })}</Title>
      <section class="card">
        <StopHead duty={duty.value} stop={stop} />
        {act === "" && <p><span class={`tag ${stop.state}`}>{t(known(`state_${stop.state}`)!)}</span></p>}
        {act === "" && duty.value.state === "driving" && open && <StopActs stop={stop} reload={duty.reload} />}
        {act === "" && stop.state === "failed" && <Act run={async () => {
          await send(`/v1/driver/stops/${stop.id}/return`, {}, t("hand_back", { n: 1 }), stop.id);
        }}>{t("hand_back", { n: 1 })}</Act>}
      </section>
      {act === "deliver" && open && <Deliver stop={stop} reload={duty.reload} />}
      {act === "fail" && open && <Fail stop={stop} reload={duty.reload} />}
    </>
  );
}
