// The camera, live, and one picture of it. Nothing leaves the page by itself.
import { useEffect, useRef, useState } from "preact/hooks";
import { blobBase64 } from "../shared/ui";
import { useApp } from "./app";

const SIDE_MAX = 1600;

async function jpeg(source: CanvasImageSource, w: number, h: number, sideMax = SIDE_MAX): Promise<Blob> {
  const scale = Math.min(1, sideMax / Math.max(w, h));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(w * scale);
  canvas.height = Math.round(h * scale);
  canvas.getContext("2d")!.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((b) => (b === null ? reject(new Error("no picture")) : resolve(b)), "image/jpeg", 0.92));
}

export interface Shutter {
  ready: boolean;
  failed: boolean;
  video: preact.RefObject<HTMLVideoElement | null>;
  take: (sideMax?: number) => Promise<Blob>;
}

export function useCamera(facing: "user" | "environment"): Shutter {
  const video = useRef<HTMLVideoElement>(null);
  const [ready, setReady] = useState(false);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let gone = false;
    const start = async (): Promise<void> => {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 960 } } });
      const v = video.current;
      if (gone || v === null) {
        stream.getTracks().forEach((t) => t.stop());
        return;
      }
      v.srcObject = stream;
      await v.play();
      if (!gone) setReady(true);
    };
    start().catch(() => {
      if (!gone) setFailed(true);
    });
    return () => {
      gone = true;
      stream?.getTracks().forEach((t) => t.stop());
    };
  }, [facing]);
  const take = async (sideMax?: number): Promise<Blob> => {
    const v = video.current!;
    return jpeg(v, v.videoWidth, v.videoHeight, sideMax);
  };
  return { ready, failed, video, take };
}

export function Preview({ shutter, mirror, label }: { shutter: Shutter; mirror?: boolean; label: string }) {
  const { t } = useApp();
  if (shutter.failed) return <p class="note warn" role="alert">{t("no_camera")}</p>;
  return <video class={mirror === true ? "camera mirror" : "camera"} ref={shutter.video} playsInline muted aria-label={label} data-ready={shutter.ready} />;
}

/** Live camera, one photo, and a look at it before it is used; a file where there is no camera. */
export function Photo({ taken }: { taken: (base64: string | null) => void }) {
  const { t } = useApp();
  const [url, setUrl] = useState<string | null>(null);
  const use = async (blob: Blob): Promise<void> => {
    setUrl(URL.createObjectURL(blob));
    taken(await blobBase64(blob));
  };
  if (url !== null)
    return (
      <div class="stack">
        <img class="camera" src={url} alt={t("proof_photo")} />
        <button type="button" onClick={() => {
          URL.revokeObjectURL(url);
          setUrl(null);
          taken(null);
        }}>{t("shoot_again")}</button>
      </div>
    );
  return <Live use={use} />;
}

function Live({ use }: { use: (b: Blob) => Promise<void> }) {
  const { t } = useApp();
  const shutter = useCamera("environment");
  const file = async (f: File): Promise<void> => {
    const bitmap = await createImageBitmap(f, { imageOrientation: "from-image" });
    await use(await jpeg(bitmap, bitmap.width, bitmap.height));
  };
  return (
    <div class="stack">
      <Preview shutter={shutter} label={t("proof_photo")} />
      {!shutter.failed && <button type="button" class="primary wide" disabled={!shutter.ready} onClick={() => void shutter.take().then(use)}>{t("shoot")}</button>}
      {shutter.failed && (
        <label>
          <span>{t("choose_file")}</span>
          <input type="file" accept="image/*" capture="environment" onChange={(e) => {
            const f = e.currentTarget.files?.[0];
            if (f !== undefined) void file(f);
          }} />
        </label>
      )}
    </div>
  );
}

interface Detector {
  detect(v: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
declare global {
  // Not in every browser: typing the code always works.
  var BarcodeDetector: (new () => Detector) | undefined;
}

/** Calls `found` for each barcode the camera sees, once until another one comes. */
export function Scanner({ found }: { found: (code: string) => void }) {
  const { t } = useApp();
  const shutter = useCamera("environment");
  const last = useRef("");
  useEffect(() => {
    if (!shutter.ready || globalThis.BarcodeDetector === undefined) return;
    const detector = new globalThis.BarcodeDetector();
    const timer = setInterval(() => {
      if (shutter.video.current === null) return;
      detector.detect(shutter.video.current).then((codes) => {
        const code = codes[0]?.rawValue;
        if (code === undefined || code === last.current) return;
        last.current = code;
        found(code);
      }, () => undefined);
    }, 250);
    return () => clearInterval(timer);
  }, [shutter.ready]);
  return <Preview shutter={shutter} label={t("scan")} />;
}
