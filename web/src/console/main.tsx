// The console: signing in, the menu, and the stream of events behind every page.
import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Client } from "../shared/api";
import "../shared/base.css";
import type { About, Items, Station } from "../shared/types";
import { Act, Field, Format, useLoad, useRoute, Wait } from "../shared/ui";
import { Audit } from "./audit";
import { BlockPage, Blocks, Publish } from "./blocks";
import "./console.css";
import { DeskContext, may, type Staff } from "./desk";
import { DriverPage, Drivers } from "./drivers";
import { Import } from "./freight";
import { Policies } from "./policies";
import { Queue, QueueItemPage } from "./queue";
import { ReportPage } from "./report";
import { Setup } from "./setup";
import { Today } from "./today";

const client = new Client();
const TOKEN = "staff-token";

function SignIn({ about, done }: { about: About; done: (s: Staff) => void }) {
  const [name, setName] = useState("");
  const [passphrase, setPassphrase] = useState("");
  const enter = async (): Promise<void> => {
    const s = await client.post<{ token: string; staff: Staff }>("/v1/staff/login", { name, passphrase });
    client.token = s.token;
    sessionStorage.setItem(TOKEN, s.token);
    done(s.staff);
  };
  return (
    <main class="signin">
      <form class="card" onSubmit={(e) => e.preventDefault()}>
        <h1>{about.operator.name}: the desk</h1>
        <Field label="Name or e-mail address"><input name="name" autocomplete="username" value={name} onInput={(e) => setName(e.currentTarget.value)} /></Field>
        <Field label="Passphrase"><input name="passphrase" type="password" autocomplete="current-password" value={passphrase} onInput={(e) => setPassphrase(e.currentTarget.value)} /></Field>
        <Act class="primary" type="submit" disabled={name === "" || passphrase === ""} run={enter}>Sign in</Act>
      </form>
    </main>
  );
}

/** Events come in bursts: the pages look again once a burst. */
function useNews(staff: Staff): number {
  const [news, setNews] = useState(0);
  useEffect(() => {
    if (!may(staff, "dispatch") && !may(staff, "review")) return; /* auditors and representatives read, they do not follow */
    const stop = new AbortController();
    let waiting = false;
    void client.follow("/v1/events", stop.signal, () => {
      if (waiting) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        setNews((n) => n + 1);
      }, 300);
    });
    return () => stop.abort();
  }, []);
  return news;
}

function menu(staff: Staff): [string, string][] {
  const items: [string, string, boolean][] = [
    ["", "Today", may(staff, "dispatch")],
    ["queue", "Decide", may(staff, "review")],
    ["blocks", "Blocks", true],
    ["import", "Shipments", may(staff, "dispatch")],
    ["drivers", "Drivers", may(staff, "dispatch") || may(staff, "review")],
    ["policies", "Programmes", true],
    ["report", "Report", true],
    ["audit", "Who looked", may(staff, "audit")],
    ["setup", "House", true],
  ];
  return items.filter((i) => i[2]).map(([to, text]) => [to, text]);
}

function Page({ route, first }: { route: string[]; first: string }) {
  const [page, id] = [route[0] ?? first, route[1]];
  switch (page) {
    case "queue": return id === undefined ? <Queue /> : <QueueItemPage key={id} id={id} />;
    case "blocks": return id === undefined ? <Blocks /> : id === "new" ? <Publish /> : <BlockPage key={id} id={id} />;
    case "import": return <Import />;
    case "drivers": return id === undefined ? <Drivers /> : <DriverPage key={id} id={id} />;
    case "policies": return <Policies />;
    case "report": return <ReportPage />;
    case "audit": return <Audit />;
    case "setup": return <Setup />;
    default: return <Today />;
  }
}

function Console({ about, staff, signOut }: { about: About; staff: Staff; signOut: () => Promise<void> }) {
  const route = useRoute();
  const news = useNews(staff);
  const stations = useLoad(() => client.get<Items<Station>>("/v1/stations"), []);
  const queue = useLoad(async () => (may(staff, "review") ? (await client.get<Items<unknown>>("/v1/queue?limit=100")).items.length : 0), [news]);
  const f = useMemo(() => new Format("en-SE", about.operator.zone), []);
  const today = f.date(about.now);
  const items = menu(staff);
  const at = route[0] ?? items[0]?.[0] ?? "";
  return (
    <DeskContext.Provider value={{ client, f, about, staff, stations: stations.value?.items ?? [], news, today }}>
      <a class="sr" href="#main">To the page</a>
      <header class="top">
        <strong>{about.operator.name}</strong>
        <nav aria-label="Console">
          {items.map(([to, text]) => (
            <a key={to} href={`#/${to}`} aria-current={at === to ? "page" : undefined}>{text}{to === "queue" && (queue.value ?? 0) > 0 && <span class="count">{queue.value}</span>}</a>
          ))}
        </nav>
        <span class="soft">{staff.name}, {staff.role}</span>
        <Act class="small" run={signOut}>Sign out</Act>
      </header>
      <main id="main"><Page route={route} first={at} /></main>
    </DeskContext.Provider>
  );
}

function Start() {
  const about = useLoad(() => client.get<About>("/v1/about"), []);
  const [staff, setStaff] = useState<Staff | null>(null);
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    client.onSignedOut = () => {
      sessionStorage.removeItem(TOKEN);
      client.token = null;
      setStaff(null);
    };
    client.token = sessionStorage.getItem(TOKEN);
    if (client.token === null) return setAsked(true);
    client.get<{ staff: Staff }>("/v1/staff/me").then((m) => setStaff(m.staff), () => undefined).finally(() => setAsked(true));
  }, []);
  const signOut = async (): Promise<void> => {
    await client.post("/v1/staff/logout");
    client.onSignedOut();
  };
  return (
    <Wait of={about}>
      {about.value !== null && asked && (staff === null ? <SignIn about={about.value} done={setStaff} /> : <Console about={about.value} staff={staff} signOut={signOut} />)}
    </Wait>
  );
}

render(<Start />, document.getElementById("app")!);
