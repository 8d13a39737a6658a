// Programmes: what is monitored and how work is given. A switch that turns monitoring
// on waits for the drivers' representative; turning one off does not.
import { useState } from "preact/hooks";
import type { Items } from "../shared/types";
import { Act, Field, useLoad, Wait } from "../shared/ui";
import { may, useDesk } from "./desk";

interface Policy {
  version: number;
  from: string | null;
  award: string;
  sign_up: "open" | "review";
  face: { enabled: boolean; lawful_basis: string | null; dpia_reference: string | null; template_days: number; challenge: boolean; lights: boolean };
  monitoring: { positions: boolean; position_review: boolean; photo_proof: boolean };
}
interface Programme {
  id: string;
  name: string;
  policy: Policy;
  waiting: Policy[];
}

function PolicyView({ p }: { p: Policy }) {
  const on = (b: boolean): string => (b ? "on" : "off");
  return (
    <table>
      <tbody>
        <tr><th scope="row">Work is given by</th><td>{p.award}</td></tr>
        <tr><th scope="row">Sign-up</th><td>{p.sign_up === "open" ? "the published rule" : "a person looks at each"}</td></tr>
        <tr><th scope="row">Positions inside an open round</th><td>{on(p.monitoring.positions)}</td></tr>
        <tr><th scope="row">Implausible tracks go to a person</th><td>{on(p.monitoring.position_review)}</td></tr>
        <tr><th scope="row">Delivery photographs</th><td>{on(p.monitoring.photo_proof)}</td></tr>
        <tr><th scope="row">Face checks, for those who choose them</th><td>{on(p.face.enabled)}{p.face.enabled && <><br /><span class="soft">{p.face.lawful_basis} · {p.face.dpia_reference} · {p.face.template_days} days · {p.face.challenge ? "poses in a drawn order" : "one picture"}{p.face.lights ? " and colours of the screen, from who takes them" : ""}</span></>}</td></tr>
      </tbody>
    </table>
  );
}

function Propose({ programme, done }: { programme: Programme; done: () => void }) {
  const { client } = useDesk();
  const now = programme.policy;
  const [p, setP] = useState({ award: now.award, sign_up: now.sign_up, ...now.monitoring, face: now.face.enabled, basis: now.face.lawful_basis ?? "", dpia: now.face.dpia_reference ?? "", days: now.face.template_days || 365, challenge: now.face.challenge, lights: now.face.lights });
  const [said, setSaid] = useState<string | null>(null);
  const set = (change: Partial<typeof p>): void => setP({ ...p, ...change });
  const check = (key: "positions" | "position_review" | "photo_proof" | "face" | "challenge" | "lights", label: string) => <label class="check"><input type="checkbox" name={key} checked={p[key]} onChange={(e) => set({ [key]: e.currentTarget.checked })} /> <span>{label}</span></label>;
  const propose = async (): Promise<void> => {
    const face = p.face ? { enabled: true, lawful_basis: p.basis.trim(), dpia_reference: p.dpia.trim(), template_days: p.days, challenge: p.challenge, lights: p.challenge && p.lights } : { enabled: false };
    const r = await client.send<{ version: number; waiting: boolean }>("PUT", `/v1/programmes/${programme.id}`, {
      award_rule: p.award, sign_up: p.sign_up, face, monitoring: { positions: p.positions, position_review: p.position_review, photo_proof: p.photo_proof },
    });
    setSaid(r.waiting ? `Version ${r.version} waits for the representative's signature.` : `Version ${r.version} is in force.`);
    done();
  };
  return (
    <details>
      <summary>Propose a next version</summary>
      <div class="grid">
        <Field label="Work is given by"><select value={p.award} onChange={(e) => set({ award: e.currentTarget.value })}><option>draw</option><option>rota</option><option>direct</option></select></Field>
        <Field label="Sign-up"><select value={p.sign_up} onChange={(e) => set({ sign_up: e.currentTarget.value as "open" | "review" })}><option value="open">by the published rule</option><option value="review">a person looks at each</option></select></Field>
      </div>
      {check("positions", "Positions inside an open round")}{check("position_review", "Implausible tracks go to a person")}{check("photo_proof", "Delivery photographs")}{check("face", "Face checks, for those who choose them")}
      {p.face && (
        <div class="grid">
          <Field label="Lawful basis" hint="Consent alone is weak between unequals: say what else holds."><input name="lawful_basis" value={p.basis} onInput={(e) => set({ basis: e.currentTarget.value })} /></Field>
          <Field label="Impact assessment (DPIA)"><input name="dpia_reference" value={p.dpia} onInput={(e) => set({ dpia: e.currentTarget.value })} /></Field>
          <Field label="Template kept, days"><input name="template_days" type="number" min={1} max={1095} value={p.days} onInput={(e) => set({ days: Number(e.currentTarget.value) })} /></Field>
        </div>
      )}
      {p.face && check("challenge", "A face check asks for poses in a drawn order, so that a photograph opens nothing")}
      {p.face && p.challenge && check("lights", "… and for colours of the screen, from those who take them")}
      <Act class="primary" run={propose}>Propose</Act>
      {said !== null && <p class="note good" role="status">{said}</p>}
    </details>
  );
}

function Cosign({ programme, version, done }: { programme: Programme; version: number; done: () => void }) {
  const { client } = useDesk();
  const [text, setText] = useState("");
  const sign = (agree: boolean) => async (): Promise<void> => {
    await client.post(`/v1/programmes/${programme.id}/cosign`, { version, agree, words: text.trim() });
    done();
  };
  return <><Field label="Your words (optional)"><textarea rows={3} maxLength={2000} value={text} onInput={(e) => setText(e.currentTarget.value)} /></Field><div class="row"><Act class="primary" run={sign(true)}>Sign</Act><Act class="danger" run={sign(false)}>Refuse</Act></div></>;
}

export function Policies() {
  const { client, f, staff, news } = useDesk();
  const list = useLoad(() => client.get<Items<Programme>>("/v1/programmes"), [news]);
  return (
    <div class="narrow">
      <h1>Programmes</h1>
      <Wait of={list}>
        {list.value?.items.map((p) => (
          <section key={p.id} class="card">
            <h2>{p.name} <span class="soft">version {p.policy.version}{p.policy.from !== null && <>, since {f.shortDay(p.policy.from)}</>}</span></h2>
            <PolicyView p={p.policy} />
            {p.waiting.map((w) => (
              <div key={w.version} class="note warn">
                <h3>Version {w.version} waits for the representative</h3>
                <PolicyView p={w} />
                {may(staff, "cosign") && <Cosign programme={p} version={w.version} done={list.reload} />}
              </div>
            ))}
            {may(staff, "manage") && <Propose key={p.policy.version} programme={p} done={list.reload} />}
          </section>
        ))}
        <p class="soft">Everybody may read what is in force: <a href="/v1/notice">the public notice</a>.</p>
      </Wait>
    </div>
  );
}
