// The first page: who are you?
import "../shared/base.css";
import "./start.css";
import { render } from "preact";
import { Client } from "../shared/api";
import type { About } from "../shared/types";
import { useLoad } from "../shared/ui";

const client = new Client();
const DOORS = [
  { href: "/driver/", name: "I drive", text: "Blocks, check-in, the round, what you earn and why." },
  { href: "/console/", name: "I work at the desk", text: "The depot today, decisions that need a person, the report." },
  { href: "/openapi.json", name: "I integrate", text: "Create shipments and follow them: OpenAPI 3.1." },
  { href: "/v1/notice", name: "I want to know what is recorded", text: "The public notice: every datum, every decision, every rule." },
];

function Start() {
  const about = useLoad(() => client.get<About>("/v1/about"), []);
  return (
    <main>
      <img src="/icon.svg" alt="" width={56} height={56} />
      <h1>{about.value?.operator.name ?? "Waybill"}</h1>
      <p class="soft">Delivery work that explains itself.</p>
      <nav aria-label="Who are you?">{DOORS.map((d) => <a key={d.href} class="card" href={d.href}><strong>{d.name}</strong><span class="soft">{d.text}</span></a>)}</nav>
      {about.value !== null && <p class="soft">Waybill {about.value.version} · <a href="/chain/checkpoint">the public log</a> · {about.value.operator.contact}</p>}
    </main>
  );
}

render(<Start />, document.getElementById("app")!);
