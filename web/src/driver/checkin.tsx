// Checking in at the gate: one tap with the phone, or the camera for those who chose it.
import { useState } from "preact/hooks";
import { Problem } from "../shared/api";
import type { Items, MyAward } from "../shared/types";
import { Act, blobBase64, go, Title, useLoad, Wait, words } from "../shared/ui";
import { stationName, useApp } from "./app";
import { Preview, useCamera } from "./camera";
import { FaceCheck } from "./facecheck";
import { answer, keepFrames, lastSaid, whereAmI } from "./phone";
import { known, type Say } from "./strings";

interface Outcome {
  id: string;
  outcome: "passed" | "try_again" | "review";
  hint: string | null;
}

/** A hint is a sentence that helps; there is no other answer, and never a score. */
export function hintText(t: Say, hint: string | null | undefined): string | null {
  const key = hint === null || hint === undefined ? null : known(`hint_${hint}`);
  return key === null ? null : t(key);
}

async function place(t: Say): Promise<{ lat: number; lon: number }> {
  try {
    const p = await whereAmI();
    return { lat: p.coords.latitude, lon: p.coords.longitude };
  } catch {
    throw new Error(t("no_place"));
  }
}

function FaceWay({ send }: { send: (body: { method: string; pictures: string[] }) => Promise<void> }) {
  const { t } = useApp();
  const shutter = useCamera("user");
  const take = async (): Promise<void> => send({ method: "face", pictures: [await blobBase64(await shutter.take())] });
  return (
    <div class="stack">
      <Preview shutter={shutter} mirror label={t("with_camera")} />
      <p class="soft">{t("face_text")}</p>
      {!shutter.failed && <Act class="primary wide" disabled={!shutter.ready} run={take}>{t("take_picture")}</Act>}
    </div>
  );
}

function Ways({ award, done }: { award: MyAward; done: () => void }) {
  const { t, client, me } = useApp();
  const [camera, setCamera] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const send = async (body: { method: string; pictures?: string[] }): Promise<void> => {
    const o = await client.post<Outcome>("/v1/driver/check-ins", { award_id: award.id, place: await place(t), ...body });
    setOutcome(o);
    if (body.pictures !== undefined && o.outcome === "review") await keepFrames(o.id, body.pictures);
    if (o.outcome === "passed") done();
  };
  const byPhone = async (): Promise<void> => send({ method: "device", ...(await answer(client, { award_id: award.id })) });
  const describe = (e: unknown): string => (e instanceof Problem && e.reason === "too-early" ? t("too_early") : words(e));
  return (
    <>
      {outcome !== null && outcome.outcome !== "passed" && (
        <p class="note warn" role="alert" data-outcome={outcome.outcome}>
          {outcome.outcome === "review" ? t("review") : (hintText(t, outcome.hint) ?? (camera ? t("try_again_face") : t("try_again")))}
        </p>
      )}
      {camera && (me.face.challenge ? <FaceCheck awardId={award.id} send={send} /> : <FaceWay send={send} />)}
      {!camera && <Act class="primary wide huge" run={byPhone} describe={describe}>{t("with_phone")}</Act>}
      {me.face.enrolled && (
        <button type="button" class="quiet wide" onClick={() => setCamera(!camera)}>{camera ? t("with_phone_instead") : t("with_camera")}</button>
      )}
    </>
  );
}

export function CheckIn({ awardId }: { awardId: string }) {
  const app = useApp();
  const { t, f, client, news, refresh } = app;
  const awards = useLoad(() => lastSaid<Items<MyAward>>(client, "/v1/driver/awards"), [news]);
  const award = awards.value?.items.find((a) => a.id === awardId);
  const start = async (): Promise<void> => {
    await client.post("/v1/driver/duties", { award_id: awardId });
    refresh();
    go("round");
  };
  return (
    <Wait of={awards}>
      {award !== undefined && (
        <>
          <Title back="">{t("check_in_title", { station: stationName(app, award.station) })}</Title>
          <section class="card">
            <p><strong>{f.shortDay(award.starts)} {f.time(award.starts)}–{f.time(award.ends)}</strong></p>
            {award.state === "awarded" && <><p class="soft">{t("check_in_text")}</p><Ways award={award} done={awards.reload} /></>}
            {award.state === "checked_in" && <><p class="note good" role="status">{t("passed")}</p><Act class="primary wide huge" run={start}>{t("start_loading")}</Act></>}
          </section>
        </>
      )}
    </Wait>
  );
}
