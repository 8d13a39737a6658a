// What is offered, to everybody at once; asking, sealed; checking the draw.
import { Problem } from "../shared/api";
import type { Block, Items, Offer } from "../shared/types";
import { Act, save, Title, toBase64Url, useLoad, Wait } from "../shared/ui";
import { stationName, useApp } from "./app";
import { keep, kept, lastSaid } from "./phone";
import { known } from "./strings";

/** When, where, how much: the same few lines wherever a block is shown. */
export function BlockLines({ block }: { block: Block }) {
  const app = useApp();
  const { t, f } = app;
  const { pay, stops, distance_m } = block.terms;
  return (
    <>
      <div class="row">
        <strong class="grow">{f.shortDay(block.starts)} <span class="num">{f.time(block.starts)}–{f.time(block.ends)}</span></strong>
        {pay !== undefined && <strong class="num pay"><small class="soft">{t("estimate")}</small> {f.money(pay)}</strong>}
      </div>
      <p class="soft">
        {stationName(app, block.station)}
        {stops !== undefined && <> · {stops.min === stops.max ? t("stops_one", { n: stops.min }) : t("stops_n", { from: stops.min, to: stops.max })}</>}
        {distance_m !== undefined && <> · {f.distance(distance_m.min)}{distance_m.max > distance_m.min && <>–{f.distance(distance_m.max)}</>}</>}
      </p>
    </>
  );
}

function mark(o: Offer, t: ReturnType<typeof useApp>["t"]): { style: string; text: string } {
  if (o.you.award !== null) return { style: "good", text: t("award_awarded") };
  if (o.you.request === "sealed") return { style: "good", text: t("asked_for") };
  if (!o.you.eligible) return { style: "warn", text: o.you.text ?? t("not_eligible") };
  return { style: "", text: t("eligible") };
}

export function Offers() {
  const { t, f, client, news } = useApp();
  const list = useLoad(() => lastSaid<Items<Offer>>(client, "/v1/driver/offers"), [news]);
  return (
    <>
      <Title>{t("offers")}</Title>
      <p class="soft">{t("all_offers")}</p>
      <Wait of={list}>
        {list.value?.items.length === 0 && <p class="card">{t("no_offers")}</p>}
        <ul class="plain">
          {list.value?.items.map((o) => {
            const m = mark(o, t);
            return (
              <li key={o.id}>
                <a class="card link" href={`#/offers/${o.id}`}>
                  <BlockLines block={o} />
                  <div class="row"><span class={`tag ${m.style}`}>{m.text}</span><span class="soft">{t("close_at", { at: f.stamp(o.requests_close) })}</span></div>
                </a>
              </li>
            );
          })}
        </ul>
      </Wait>
    </>
  );
}

function Asking({ offer, reload }: { offer: Offer; reload: () => void }) {
  const { t, client } = useApp();
  const path = `/v1/driver/blocks/${offer.id}/request`;
  const ask = async (): Promise<void> => {
    const nonce = (await kept<string>(`nonce ${offer.id}`)) ?? toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
    await keep(`nonce ${offer.id}`, nonce);
    await client.post(path, { nonce });
    reload();
  };
  const withdraw = async (): Promise<void> => {
    await client.send("DELETE", path);
    reload();
  };
  if (offer.you.award !== null) return <p class="note good">{t("award_awarded")}</p>;
  if (offer.you.request === "sealed")
    return <><p class="note good">{t("asked")}</p><Act class="wide" run={withdraw}>{t("withdraw")}</Act></>;
  if (offer.you.request === "ranked")
    return <><p class="note">{t("ranked")}</p><Act class="wide" run={withdraw}>{t("withdraw")}</Act></>;
  return (
    <>
      <p class={`note ${offer.you.eligible ? "good" : "warn"}`}>{offer.you.eligible ? t("eligible") : (offer.you.text ?? t("not_eligible"))}</p>
      {offer.rule !== "direct" && <Act class="primary wide" run={ask}>{t("ask")}</Act>}
    </>
  );
}

/** The draw's proof, for whoever wants to run it herself. */
export function CheckDraw({ block }: { block: Block }) {
  const { t, client } = useApp();
  const nonce = useLoad(() => kept<string>(`nonce ${block.id}`), [block.id]);
  const download = async (): Promise<void> => {
    const proof = await client.get<unknown>(`/v1/draws/${block.id}`);
    save("DRAW.json", JSON.stringify(proof, null, 2));
  };
  return (
    <section class="card">
      <h2>{t("how_given")}</h2>
      <p>{t(known(`rule_${block.rule}`)!)}</p>
      {block.commitment !== null && block.commitment !== undefined && <><p class="soft">{t("commitment")}</p><code class="hash">{block.commitment}</code></>}
      {nonce.value !== null && <><p class="soft">{t("my_nonce")}</p><code class="hash">{nonce.value}</code></>}
      {block.state === "awarded" && <><p class="soft">{t("check_draw_how")}</p><Act run={download} describe={(e) => (e instanceof Problem ? e.message : String(e))}>{t("check_draw")}</Act></>}
    </section>
  );
}

export function OfferPage({ id }: { id: string }) {
  const { t, f, client, news } = useApp();
  const list = useLoad(() => lastSaid<Items<Offer>>(client, "/v1/driver/offers"), [news]);
  const offer = list.value?.items.find((o) => o.id === id);
  return (
    <>
      <Title back="offers">{offer === undefined ? t("offers") : f.day(offer.starts)}</Title>
      <Wait of={list}>
        {offer !== undefined && (
          <>
            <section class="card">
              <BlockLines block={offer} />
              <p>{t("units_n", { n: offer.units })} · {t("rest", { h: offer.terms.rest_h ?? 11 })}</p>
              {offer.terms.vehicles !== undefined && <p>{offer.terms.vehicles.map((v) => known(v) === null ? v : t(known(v)!)).join(", ")}</p>}
              {offer.terms.note !== undefined && <p>{offer.terms.note}</p>}
              <p class="soft">{t("close_at", { at: f.stamp(offer.requests_close) })}</p>
              <Asking offer={offer} reload={list.reload} />
            </section>
            <CheckDraw block={offer} />
          </>
        )}
      </Wait>
    </>
  );
}
