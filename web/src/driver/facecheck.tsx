// The camera at the gate: the server says what it wants to see, one thing at a time, and the
// app takes one frame of each. Nothing is judged here, and nothing goes out before the last.
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../shared/api";
import { Act, words } from "../shared/ui";
import { useApp } from "./app";
import { Preview, useCamera, type Shutter } from "./camera";
import { answerFrames, keep, kept } from "./phone";
import { known, type Say } from "./strings";

interface Challenge {
  challenge: string;
  message: string;
  poses: string[];
  colours: string[];
}

const FRAME_SIDE = 800; // of a frame: enough for a face, a tenth of what the server takes
const POSE_MS = 3500; // to read, to turn and to hold
const COLOUR_MS = 1300; // at most one change a second; the camera needs most of it to settle
const DARK = 42; // mean grey level below which a face is hard to see

/** One sentence and one sign for each thing to do. */
const SIGNS: Record<string, string> = { front: "●", left: "←", right: "→", up: "↑", down: "↓", closer: "⊕" };

function doText(t: Say, step: string): string {
  return t(known(`do_${step}`) ?? "do_front");
}

const calm = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Mean grey of what the camera sees, now and then, to say "more light" before a try is spent. */
function useDark(shutter: Shutter): boolean {
  const [dark, setDark] = useState(false);
  useEffect(() => {
    if (!shutter.ready) return;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 16;
    const pen = canvas.getContext("2d", { willReadFrequently: true })!;
    const look = (): void => {
      if (shutter.video.current === null) return;
      pen.drawImage(shutter.video.current, 0, 0, 16, 16);
      const { data } = pen.getImageData(0, 0, 16, 16);
      let sum = 0;
      for (let i = 0; i < data.length; i += 4) sum += 0.3 * data[i]! + 0.6 * data[i + 1]! + 0.1 * data[i + 2]!;
      setDark(sum / 256 < DARK);
    };
    const timer = setInterval(look, 700);
    return () => clearInterval(timer);
  }, [shutter.ready]);
  return dark;
}

/** Counts one step down; `null` waits for her thumb. Calls `over` once. */
function useCountdown(step: number, ms: number | null, over: () => void): number {
  const [left, setLeft] = useState(1);
  const then = useRef(over);
  then.current = over;
  useEffect(() => {
    setLeft(1);
    if (ms === null) return;
    const ends = performance.now() + ms;
    const timer = setInterval(() => {
      const share = (ends - performance.now()) / ms;
      setLeft(Math.max(0, share));
      if (share > 0) return;
      clearInterval(timer);
      then.current();
    }, 100);
    return () => clearInterval(timer);
  }, [step, ms]);
  return left;
}

function Steps({ shutter, challenge, ownPace, done }: { shutter: Shutter; challenge: Challenge; ownPace: boolean; done: (frames: Blob[]) => void }) {
  const { t } = useApp();
  const steps = ["front", ...challenge.poses, ...challenge.colours];
  const [at, setAt] = useState(0);
  const frames = useRef<Blob[]>([]);
  const busy = useRef(false);
  const step = steps[at]!;
  const colour = at > challenge.poses.length;
  const take = async (): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    frames.current.push(await shutter.take(FRAME_SIDE));
    busy.current = false;
    if (!colour) navigator.vibrate?.(60);
    if (at + 1 === steps.length) done(frames.current);
    else setAt(at + 1);
  };
  const left = useCountdown(at, colour ? COLOUR_MS : ownPace ? null : POSE_MS, () => void take());
  const text = doText(t, colour ? "colours" : step);
  return (
    <div class={colour ? `stage light ${step}` : "stage"} data-step={step}>
      <p class="asked" role="status" aria-live="assertive"><span class="sign" aria-hidden="true">{colour ? SIGNS.front : SIGNS[step]}</span> {text}</p>
      <p class="soft">{t("step_of", { n: at + 1, of: steps.length })}</p>
      {!colour && !ownPace && !calm() && <progress max={1} value={1 - left} aria-hidden="true" />}
      {!colour && !ownPace && calm() && <p class="count" aria-hidden="true">{Math.ceil((left * POSE_MS) / 1000)}</p>}
      {!colour && <button type="button" class="primary wide huge" onClick={() => void take()}>{t("take_now")}</button>}
    </div>
  );
}

/** How she likes it; it stays on this phone and nobody is told why. */
interface Ways {
  lights: boolean;
  ownPace: boolean;
}

export function FaceCheck({ awardId, send }: { awardId: string; send: (body: { method: string; pictures: string[] }) => Promise<void> }) {
  const { t, client, me } = useApp();
  const shutter = useCamera("user");
  const dark = useDark(shutter);
  const [ways, setWays] = useState<Ways | null>(null);
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const [sending, setSending] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  useEffect(() => {
    void kept<Ways>("face ways").then((w) => setWays(w ?? { lights: !calm(), ownPace: false }));
  }, []);
  const choose = (change: Partial<Ways>): void => {
    if (ways === null) return;
    const next = { ...ways, ...change };
    setWays(next);
    void keep("face ways", next);
  };
  const describe = (e: unknown): string => {
    const key = e instanceof Problem ? known(`problem_${(e.reason ?? "").replace(/-/g, "_")}`) : null;
    return key === null ? words(e) : t(key);
  };
  const begin = async (): Promise<void> => {
    setTrouble(null);
    setChallenge(await client.post<Challenge>("/v1/driver/face-challenge", { award_id: awardId, lights: me.face.lights && ways?.lights === true }));
  };
  const finish = async (c: Challenge, frames: Blob[]): Promise<void> => {
    setSending(true);
    try {
      await send({ method: "face", ...(await answerFrames(c, frames)) });
    } catch (e) {
      setTrouble(describe(e));
    }
    setSending(false);
    setChallenge(null);
  };
  const asking = challenge !== null && !sending;
  return (
    <div class={asking ? "stack facecheck" : "stack facecheck before"}>
      <Preview shutter={shutter} mirror label={t("with_camera")} />
      {dark && <p class="note warn" role="status">{t("hint_light")}</p>}
      {trouble !== null && <p class="note bad" role="alert">{trouble}</p>}
      {sending && <p class="soft" role="status" aria-busy="true">{t("looking")}</p>}
      {asking && <Steps shutter={shutter} challenge={challenge} ownPace={ways?.ownPace === true} done={(frames) => void finish(challenge, frames)} />}
      {challenge === null && !sending && (
        <>
          <p>{t("challenge_text")}</p>
          {ways !== null && <label class="check"><input type="checkbox" name="own-pace" checked={ways.ownPace} onChange={(e) => choose({ ownPace: e.currentTarget.checked })} /> <span>{t("own_pace")}</span></label>}
          {ways !== null && me.face.lights && (
            <label class="check"><input type="checkbox" name="lights" checked={ways.lights} onChange={(e) => choose({ lights: e.currentTarget.checked })} /> <span>{t("lights_text")}</span></label>
          )}
          {!shutter.failed && <Act class="primary wide" disabled={!shutter.ready || ways === null} run={begin} describe={describe}>{t("challenge_begin")}</Act>}
        </>
      )}
    </div>
  );
}
