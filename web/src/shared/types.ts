// The server's shapes, as /openapi.json has them; only what the pages read.
import type { Money } from "./ui";

export interface Items<T> {
  items: T[];
  next: number | string | null;
}
export interface Place {
  lat: number;
  lon: number;
}
export interface About {
  operator: { id: string; slug: string; name: string; currency: string; zone: string; country: string; contact: string };
  version: string;
  now: string;
  clock: "wall" | "stepped";
  map: { bounds: { min: Place; max: Place }; attribution: string; tiles: string } | null;
  signup_open: boolean;
}
export interface Station {
  id: string;
  name: string;
  address: string;
  place: Place;
}
export interface Notice {
  operator: { name: string; contact: string };
  name: string;
  version: number;
  from: string;
  signed_by_representative: boolean;
  monitored: { datum: string; purpose: string; when: string; seen_by: string; kept: string; basis: string; on: boolean }[];
  never: string[];
  decisions: { kind: string; decided_by: string; purpose: string }[];
  rules: { rule: string; decides: string; parameters: { name: string; weight: string; text: string }[] }[];
  terms: Record<string, number>;
  rights: string[];
}
export interface Range {
  min: number;
  max: number;
}
export interface Block {
  id: string;
  programme: string;
  station: string;
  pay_plan: string;
  pay_plan_version: number;
  starts: string;
  ends: string;
  units: number;
  rule: "draw" | "rota" | "direct";
  state: "open" | "closed" | "awarded" | "cancelled";
  requests_open: string;
  requests_close: string;
  terms: { pay?: Money; stops?: Range; distance_m?: Range; vehicles?: string[]; rest_h?: number; note?: string };
  commitment?: string | null;
  overdue: boolean;
  awarded: number;
  requests?: number;
  waiting?: number;
  awards?: (Award & { driver_name: string | null })[];
}
export interface Offer extends Block {
  you: { eligible: boolean; reason: string | null; text: string | null; request: "sealed" | "ranked" | "withdrawn" | null; award: string | null };
}
export interface Award {
  id: string;
  block: string;
  driver: string | null;
  station: string;
  starts: string;
  ends: string;
  state: "awarded" | "checked_in" | "done" | "given_back" | "cancelled";
  how: string;
  decision: string;
}
export interface MyAward extends Omit<Award, "block"> {
  block: Block;
}
export interface Parcel {
  barcode: string;
  weight_g: number;
  volume_ml: number;
  at_station: string | null;
  loaded: string | null;
}
export interface Shipment {
  id: string;
  reference: string;
  state: string;
  proof: "any" | "photo" | "code";
  recipient: { name: string; phone: string | null } | null;
  address: string | null;
  notes: string | null;
  place: Place | null;
  placed?: { by: "extract" | "nominatim" | "photon" | "staff"; kind: string | null; confidence: number } | null;
  window: { earliest: string | null; latest: string | null };
  service_s: number;
  attempts: number;
  parcels: Parcel[];
  day?: string;
  duty?: string | null;
}
export interface Stop {
  id: string;
  seq: number;
  state: "open" | "arrived" | "delivered" | "failed" | "returned";
  place: Place;
  eta: string | null;
  shape: string | null;
  attempts: number;
  arrived_at: string | null;
  done_at: string | null;
  reason: string | null;
  leg_m: number;
  leg_s: number;
  walk_s: number; // between van and door, there and back; 0: not learned yet
  park?: Place; // where vans have stood for this door
  shipment: Shipment;
}
export interface DutyHead {
  id: string;
  driver_id: string;
  driver_name: string | null;
  block_id: string;
  station_id: string;
  state: "planned" | "loading" | "driving" | "closed";
  starts_at: string;
  ends_at: string;
  opened_at: string | null;
  departed_at: string | null;
  closed_at: string | null;
  stops_total: number;
  stops_done: number;
  last_place?: Place;
  last_at?: string;
  last_street?: string | null;
}
export interface Duty extends Omit<DutyHead, "stops_total" | "stops_done"> {
  award_id: string;
  positions_recorded: boolean;
  plan: { version: number; distance_m: number; duration_s: number; back_shape: string | null; depot: Place };
  stops: Stop[];
}
export interface Statement {
  id: string;
  duty_id: string;
  from: string;
  to: string;
  issued_at: string;
  plan: { id: string; version: number; name: string; currency: string };
  facts: { engaged_s: number; wait_s: number; stops: number; distance_m: number };
  lines: { code: string; rate: number; quantity: number; per: number; amount: number }[];
  total: number;
  currency: string;
  vehicle_cost: number;
  net_per_engaged_hour: number;
  replaces: string | null;
  replaced_by: string | null;
  decision_id: string;
}
export interface Decision {
  id: string;
  at: string;
  kind: string;
  purpose: string | null;
  subject: string;
  rule: string;
  inputs: unknown;
  outcome: string;
  reason: string;
  params: unknown;
  by: { kind: "rule" | "person"; name?: string | null; reasoning?: string };
  overrides: string | null;
  overridden_by: string | null;
  appeal: { may: boolean; until: string | null; id: string | null; state: string | null };
  leaf: { kind: string; salt: string; entry: string; record?: unknown; index?: number | null; size?: number | null };
}
