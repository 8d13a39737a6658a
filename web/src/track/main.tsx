// A recipient's page, by the link she was sent: /track/#<token>. The token stays
// behind the #, so that no server on the way writes it down.
import "../shared/base.css";
import "./track.css";
import { render } from "preact";
import { useState } from "preact/hooks";
import { Client } from "../shared/api";
import { Act, Format, useLoad, Wait } from "../shared/ui";
import type { About } from "../shared/types";

interface Tracking {
  reference: string;
  state: string;
  day: string;
  window: { earliest: string | null; latest: string | null };
  attempts: number;
  parcels: number;
  proof: "any" | "photo" | "code";
  code: string | null;
  history: { state: string; at: string }[];
  operator: { name: string; contact: string };
  notice: string[];
  may: { object: boolean; reschedule: boolean };
}

const client = new Client();
const token = location.hash.replace(/^#\/?/, "");
const swedish = navigator.language.startsWith("sv");
const say = (en: string, sv: string): string => (swedish ? sv : en);

const STATES: Record<string, [string, string]> = {
  created: ["Announced", "Aviserat"], at_station: ["At the station", "På terminalen"], planned: ["Planned for a round", "Planerat för en runda"], loaded: ["On its way", "På väg"],
  delivered: ["Delivered", "Levererat"], failed: ["Could not be delivered", "Gick inte att leverera"], returned: ["Going back to the sender", "Går tillbaka till avsändaren"], cancelled: ["Cancelled", "Inställt"],
};
const state = (s: string): string => (STATES[s] === undefined ? s : say(...STATES[s]));

function Choices({ parcel, changed }: { parcel: Tracking; changed: () => void }) {
  const [days, setDays] = useState(1);
  const object = async (): Promise<void> => {
    await client.post(`/v1/track/${token}/objection`, { photo: true });
    changed();
  };
  const later = async (): Promise<void> => {
    await client.post(`/v1/track/${token}/reschedule`, { days });
    changed();
  };
  return (
    <>
      {parcel.may.object && (
        <section class="card">
          <h2>{say("No photograph of my door", "Inget foto av min dörr")}</h2>
          <p>{say("You get a code to give to the driver instead.", "Du får en kod att ge föraren i stället.")}</p>
          <Act run={object}>{say("A code instead of a photo", "Kod i stället för foto")}</Act>
        </section>
      )}
      {parcel.may.reschedule && (
        <section class="card">
          <h2>{say("Another day", "En annan dag")}</h2>
          <label><span>{say("Days later", "Dagar senare")}</span><input name="days" type="number" min={1} max={14} value={days} onInput={(e) => setDays(Number(e.currentTarget.value))} /></label>
          <Act disabled={!(days >= 1 && days <= 14)} run={later}>{say("Come later", "Kom senare")}</Act>
        </section>
      )}
    </>
  );
}

function Track({ about }: { about: About }) {
  const f = new Format(swedish ? "sv-SE" : "en-SE", about.operator.zone);
  const loaded = useLoad(() => client.get<Tracking>(`/v1/track/${encodeURIComponent(token)}`), []);
  const p = loaded.value;
  return (
    <main>
      <p class="soft">{about.operator.name}</p>
      <Wait of={loaded}>
        {p !== null && (
          <>
            <h1>{state(p.state)}</h1>
            <p>{p.reference} · {say("parcels", "paket")}: {p.parcels}</p>
            {p.window.earliest !== null && p.window.latest !== null && <p><strong>{f.day(p.window.earliest)}, {f.time(p.window.earliest)}–{f.time(p.window.latest)}</strong></p>}
            {p.code !== null && p.proof === "code" && <section class="card"><h2>{say("Your code", "Din kod")}</h2><p class="code">{p.code}</p><p class="soft">{say("Give it to the driver when the parcel is in your hands.", "Ge den till föraren när du har paketet i handen.")}</p></section>}
            <Choices parcel={p} changed={loaded.reload} />
            <section class="card"><h2>{say("So far", "Hittills")}</h2><ul>{p.history.map((h) => <li key={h.at + h.state}>{f.stamp(h.at)}: {state(h.state)}</li>)}</ul></section>
            <details class="card"><summary>{say("What is kept about you", "Vad som sparas om dig")}</summary><ul>{p.notice.map((n) => <li key={n}>{n}</li>)}</ul><p>{p.operator.contact}</p></details>
          </>
        )}
      </Wait>
    </main>
  );
}

function Start() {
  const about = useLoad(() => client.get<About>("/v1/about"), []);
  return <Wait of={about}>{about.value !== null && <Track about={about.value} />}</Wait>;
}

document.documentElement.lang = say("en", "sv");
render(<Start />, document.getElementById("app")!);
