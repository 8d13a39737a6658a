// The driver app: who she is, where she is in it, and what holds it together.
import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Client, Offline, Problem } from "../shared/api";
import "../shared/base.css";
import type { About, Duty, Items, Place, Station } from "../shared/types";
import { Act, Format, Trouble, useRoute, words } from "../shared/ui";
import { AppContext, type App, type Self } from "./app";
import { CheckIn } from "./checkin";
import { CloseRound, Round, RoundOrder, StopPage } from "./duty";
import "./driver.css";
import { Me } from "./me";
import { OfferPage, Offers } from "./offers";
import { Pay, StatementPage } from "./pay";
import { enter, forget, keep, kept, Outbox, report, watch } from "./phone";
import { SignUpPage } from "./signup";
import { sayIn, type Key, type Language } from "./strings";
import { Today } from "./today";

const client = new Client();
const outbox = new Outbox(client);

function firstLanguage(): Language {
  const chosen = localStorage.getItem("language");
  return chosen === "sv" || chosen === "en" ? chosen : navigator.language.startsWith("sv") ? "sv" : "en";
}

type Who = "asking" | "nobody" | "here" | "out";

/** Who she is, as the server last said; without a connection, as this phone remembers. */
function useSelf(who: Who, turn: number): { me: Self | null; stations: Station[] } {
  const [me, setMe] = useState<Self | null>(null);
  const [stations, setStations] = useState<Station[]>([]);
  useEffect(() => {
    if (who !== "here") {
      setMe(null);
      return;
    }
    const load = async (): Promise<void> => {
      try {
        const [self, list] = await Promise.all([client.get<Self>("/v1/driver/me"), client.get<Items<Station>>("/v1/stations")]);
        setStations(list.items);
        setMe(self);
        await keep("self", { self, stations: list.items });
      } catch (e) {
        const old = e instanceof Offline ? await kept<{ self: Self; stations: Station[] }>("self") : null;
        if (old === null) return;
        setStations(old.stations);
        setMe(old.self);
      }
    };
    void load();
  }, [who, turn]);
  return { me, stations };
}

/** Her events, as they happen: a number that grows. */
function useNews(who: Who): [number, () => void] {
  const [news, setNews] = useState(0);
  useEffect(() => {
    if (who !== "here") return;
    const stop = new AbortController();
    void client.follow("/v1/driver/events", stop.signal, () => setNews((n) => n + 1));
    return () => stop.abort();
  }, [who]);
  return [news, () => setNews((n) => n + 1)];
}

/** Shows the position while a round is open, and shares it if the programme records it; not a moment longer. */
function usePosition(who: Who, news: number, ahead_ms: number): Place | null {
  const [place, setPlace] = useState<Place | null>(null);
  const [open, setOpen] = useState<"no" | "shown" | "shared">("no");
  useEffect(() => {
    if (who !== "here") return setOpen("no");
    let late = false; // an older answer must not undo a newer one
    client.get<Duty>("/v1/driver/duty").then((d) => late || setOpen(d.positions_recorded ? "shared" : "shown"), (e: unknown) => {
      if (!late && e instanceof Problem && e.body.status < 500) setOpen("no");
    });
    return () => {
      late = true;
    };
  }, [who, news]);
  useEffect(() => {
    if (open === "no") return;
    const stop = open === "shared" ? report(client, setPlace, ahead_ms) : watch(setPlace);
    return () => {
      stop();
      setPlace(null);
    };
  }, [open]);
  return place;
}

/** Doors open and close by the clock, too. */
function useMinute(): void {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
}

function useOutbox(tell: (what: string, why: string) => void): number {
  const [n, setN] = useState(0);
  useEffect(() => {
    outbox.onChange = () => setN(outbox.unsent.length);
    outbox.onRefused = tell;
    void outbox.load();
    const flush = (): void => void outbox.flush();
    addEventListener("online", flush);
    const timer = setInterval(flush, 5000);
    return () => {
      removeEventListener("online", flush);
      clearInterval(timer);
    };
  }, []);
  return n;
}

function Page({ route }: { route: string[] }) {
  const [first, id, more] = route;
  if (first === "offers") return id === undefined ? <Offers /> : <OfferPage id={id} />;
  if (first === "check-in" && id !== undefined) return <CheckIn awardId={id} />;
  if (first === "round") return id === "close" ? <CloseRound /> : id === "order" ? <RoundOrder /> : <Round />;
  if (first === "stop" && id !== undefined) return <StopPage id={id} act={more ?? ""} />;
  if (first === "pay") return id === undefined ? <Pay /> : <StatementPage id={id} />;
  if (first === "me") return <Me route={route.slice(1)} />;
  return <Today />;
}

const TABS: { to: string; key: Key; icon: string }[] = [
  { to: "", key: "today", icon: "M4 11 12 4l8 7v9h-5v-6H9v6H4z" },
  { to: "offers", key: "offers", icon: "M5 4h14v16H5zM8 8h8M8 12h8M8 16h5" },
  { to: "pay", key: "pay", icon: "M3 6h18v12H3zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z" },
  { to: "me", key: "me", icon: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20c.8-4 4-6 7.500-6s6.700 2 7.500 6" },
];

function Tabs({ route, app }: { route: string[]; app: App }) {
  const at = ["offers", "pay", "me"].includes(route[0] ?? "") ? route[0] : "";
  return (
    <nav class="tabs" aria-label="Waybill">
      {TABS.map((tab) => (
        <a key={tab.to} href={`#/${tab.to}`} aria-current={tab.to === at ? "page" : undefined}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d={tab.icon} /></svg>
          {app.t(tab.key)}
        </a>
      ))}
    </nav>
  );
}

function Driver({ about }: { about: About }) {
  const route = useRoute();
  const [language, setLanguage] = useState(firstLanguage);
  const [who, setWho] = useState<Who>("asking");
  const [refused, setRefused] = useState<string | null>(null);
  const [online, setOnline] = useState(navigator.onLine);
  const [news, refresh] = useNews(who);
  const { me, stations } = useSelf(who, news);
  const ahead = useRef(Date.parse(about.now) - Date.now()).current;
  const place = usePosition(who, news, ahead);
  useMinute();
  const t = useMemo(() => sayIn(language), [language]);
  const f = useMemo(() => new Format(language === "sv" ? "sv-SE" : "en-SE", about.operator.zone), [language]);
  const unsent = useOutbox((what, why) => setRefused(t("refused_late", { what, why })));
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem("language", language);
  }, [language]);
  const come = async (): Promise<void> => {
    setWho((await enter(client)) ? "here" : "nobody");
    void outbox.flush();
  };
  useEffect(() => {
    client.onSignedOut = () => {
      sessionStorage.removeItem("driver-token");
      setWho("out");
    };
    come().catch((e: unknown) => setWho(e instanceof Offline ? "here" : "out"));
    const change = (): void => {
      setOnline(navigator.onLine);
      if (navigator.onLine && client.token === null) void come().catch(() => undefined);
    };
    addEventListener("online", change);
    addEventListener("offline", change);
  }, []);
  const speak = (to: Language): void => {
    setLanguage(to);
    if (who === "here") client.send("PUT", "/v1/driver/me", { language: to }).catch(() => undefined);
  };
  const signOut = async (everything: boolean): Promise<void> => {
    if (everything) await forget();
    else await client.post("/v1/driver/logout");
    sessionStorage.removeItem("driver-token");
    client.token = null;
    setWho(everything ? "nobody" : "out");
  };
  const app = { client, outbox, t, f, language, about, me: me!, stations, news, now: () => Date.now() + ahead, place, refresh, signOut };
  return (
    <AppContext.Provider value={app}>
      <header class="top">
        <a href="#/" class="brand">{about.operator.name}</a>
        <button type="button" class="quiet" lang={language === "sv" ? "en" : "sv"} onClick={() => speak(language === "sv" ? "en" : "sv")}>{t("language")}</button>
      </header>
      {!online && unsent === 0 && <p class="strip warn" role="status">{t("offline")}</p>}
      {unsent > 0 && <p class="strip warn" role="status" data-unsent={unsent}>{t("not_sent_n", { n: unsent })}</p>}
      {refused !== null && <p class="strip bad" role="alert">{refused} <button type="button" class="quiet" onClick={() => setRefused(null)}>{t("done")}</button></p>}
      <main>
        {who === "nobody" && route[0] !== "left" && <SignUpPage done={() => setWho("here")} />}
        {who === "nobody" && route[0] === "left" && <Me route={["left"]} />}
        {who === "out" && (
          <div class="card"><Act class="primary wide" run={come}>{t("sign_in_again")}</Act></div>
        )}
        {who === "here" && me !== null && <Page route={route} />}
      </main>
      {who === "here" && me !== null && <Tabs route={route} app={app} />}
    </AppContext.Provider>
  );
}

/** Even the first words of the page need to know whose it is. */
function Start() {
  const [about, setAbout] = useState<About | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const load = async (): Promise<void> => {
      try {
        const a = await client.get<About>("/v1/about");
        setAbout(a);
        await keep("about", { about: a, ahead: Date.parse(a.now) - Date.now() });
      } catch (e) {
        const old = await kept<{ about: About; ahead: number }>("about").catch(() => null);
        if (old !== null && e instanceof Offline) setAbout({ ...old.about, now: new Date(Date.now() + old.ahead).toISOString() });
        else setError(words(e));
      }
    };
    void load();
  }, []);
  if (about === null) return error === null ? <p class="soft" aria-busy="true">…</p> : <main><Trouble error={new Error(String(error))} /></main>;
  return <Driver about={about} />;
}

render(<Start />, document.getElementById("app")!);
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js", { scope: "/driver/" }).catch(() => undefined);
