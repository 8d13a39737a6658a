// What is next for her: the round that is open, the blocks that are hers.
import { useState } from "preact/hooks";
import type { Duty, Items, MyAward } from "../shared/types";
import { Act, go, Title, useLoad, Wait } from "../shared/ui";
import { useApp } from "./app";
import { BlockLines, CheckDraw } from "./offers";
import { lastSaid } from "./phone";
import { known } from "./strings";

const HOUR_MS = 3_600_000;

function AwardCard({ award, reload }: { award: MyAward; reload: () => void }) {
  const { t, f, client, now } = useApp();
  const [asking, setAsking] = useState(false);
  const opens = Date.parse(award.starts) - HOUR_MS;
  const open = now() >= opens && now() < Date.parse(award.ends);
  const begun = now() >= Date.parse(award.starts);
  const start = async (): Promise<void> => {
    await client.post("/v1/driver/duties", { award_id: award.id });
    go("round");
  };
  const giveBack = async (): Promise<void> => {
    await client.post(`/v1/driver/awards/${award.id}/give-back`);
    reload();
  };
  return (
    <section class="card" data-award={award.id}>
      <BlockLines block={award.block} />
      <p><span class={`tag ${award.state === "cancelled" ? "warn" : "good"}`}>{t(known(`award_${award.state}`)!)}</span></p>
      {award.state === "awarded" && open && <a class="button primary wide" href={`#/check-in/${award.id}`}>{t("check_in")}</a>}
      {award.state === "awarded" && !open && now() < opens && <p class="soft">{t("check_in_from", { time: f.stamp(opens) })}</p>}
      {award.state === "checked_in" && <Act class="primary wide" run={start}>{t("start_loading")}</Act>}
      {award.state === "awarded" && !begun && !asking && <button type="button" class="quiet wide" onClick={() => setAsking(true)}>{t("give_back")}</button>}
      {asking && (
        <div class="note warn">
          <p>{t("give_back_ask")}</p>
          <div class="row"><Act class="danger" run={giveBack}>{t("give_back_yes")}</Act><button type="button" onClick={() => setAsking(false)}>{t("keep")}</button></div>
        </div>
      )}
      <details><summary>{t("how_given")}</summary><CheckDraw block={award.block} /></details>
    </section>
  );
}

export function Today() {
  const { t, client, me, news } = useApp();
  const duty = useLoad(async () => lastSaid<Duty>(client, "/v1/driver/duty").catch(() => null), [news]);
  const awards = useLoad(() => lastSaid<Items<MyAward>>(client, "/v1/driver/awards"), [news]);
  const open = duty.value;
  const mine = awards.value?.items.filter((a) => (a.state === "awarded" || a.state === "checked_in") && a.id !== open?.award_id).reverse();
  const stopped = me.state === "active" ? null : known(me.state);
  return (
    <>
      <Title>{t("hello", { name: me.name.split(" ")[0] ?? me.name })}</Title>
      {stopped !== null && <p class="note warn">{t(stopped)}</p>}
      {open !== null && (
        <section class="card">
          <h2>{t("round")}</h2>
          <a class="button primary wide" href="#/round">{t("go_on")}</a>
        </section>
      )}
      <Wait of={awards}>
        {mine?.length === 0 && open === null && (
          <section class="card"><p>{t("nothing_today")}</p><a class="button primary wide" href="#/offers">{t("see_offers")}</a></section>
        )}
        {mine !== undefined && mine.length > 0 && <h2>{t("your_blocks")}</h2>}
        {mine?.map((a) => <AwardCard key={a.id} award={a} reload={awards.reload} />)}
      </Wait>
    </>
  );
}
