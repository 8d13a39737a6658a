// What every screen of the driver app needs, in one context.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Client } from "../shared/api";
import type { About, Place, Station } from "../shared/types";
import type { Format } from "../shared/ui";
import type { Outbox } from "./phone";
import type { Language, Say } from "./strings";

export interface Self {
  id: string;
  name: string;
  state: "applied" | "active" | "suspended" | "deactivated" | "refused" | "left";
  language: string;
  station: string;
  programme_name: string;
  face_available: boolean;
  face: { available: boolean; enrolled: boolean; challenge: boolean; lights: boolean };
  vehicle: { kind: string; capacity_g: number; capacity_ml: number };
  email: string | null;
  phone: string | null;
}

export interface App {
  client: Client;
  outbox: Outbox;
  t: Say;
  f: Format;
  language: Language;
  about: About;
  me: Self;
  stations: Station[];
  news: number; // grows when something about her changed
  now: () => number; // the server's clock
  place: Place | null;
  refresh: () => void;
  signOut: (forget: boolean) => Promise<void>;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  return useContext(AppContext)!;
}

export function stationName(app: App, id: string): string {
  return app.stations.find((s) => s.id === id)?.name ?? "";
}
