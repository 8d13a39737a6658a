// A map of our own vector tiles. Streets, areas and names come from the server;
// letters are drawn from the device's fonts; nothing is asked of anybody else.
import * as maplibre from "maplibre-gl";
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { useEffect, useRef } from "preact/hooks";
import type { About, Place } from "./types";

maplibre.setWorkerUrl(workerUrl);

export interface Pin {
  id: string;
  place: Place;
  text: string;
  kind: "stop" | "next" | "done" | "failed" | "depot" | "me" | "driver" | "chosen";
  label: string;
  press?: () => void;
}

interface Colours {
  land: string; water: string; green: string; building: string; street: string; casing: string; main: string; letters: string; rail: string; route: string; band: string;
}
const LIGHT: Colours = { land: "#f3f0e8", water: "#b9d6e4", green: "#d3e4c8", building: "#e2dccf", street: "#ffffff", casing: "#b4aa96", main: "#ffd98a", letters: "#3b4045", rail: "#b3aca0", route: "#0b5f58", band: "#5b2a91" };
const DARK: Colours = { land: "#191d20", water: "#142a36", green: "#1c2a20", building: "#24282b", street: "#3a4147", casing: "#101315", main: "#5a5038", letters: "#cfd5da", rail: "#444a50", route: "#57c9bd", band: "#b58bf0" };

const BIG = ["motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link"];
const THIN = ["footway", "path", "steps", "cycleway", "pedestrian", "track", "bridleway"];

const NOTHING = { type: "FeatureCollection" as const, features: [] };

function width(at12: number, at18: number): maplibre.ExpressionSpecification {
  return ["interpolate", ["exponential", 1.5], ["zoom"], 10, at12 / 2, 12, at12, 18, at18];
}

function layers(c: Colours): LayerSpecification[] {
  const big: maplibre.ExpressionSpecification = ["in", ["get", "class"], ["literal", BIG]];
  const thin: maplibre.ExpressionSpecification = ["in", ["get", "class"], ["literal", THIN]];
  const round = { "line-cap": "round", "line-join": "round" } as const;
  const streets = { type: "line", source: "streets", "source-layer": "streets", layout: round } as const;
  return [
    { id: "land", type: "background", paint: { "background-color": c.land } },
    { id: "areas", type: "fill", source: "streets", "source-layer": "areas",
      paint: { "fill-color": ["match", ["get", "kind"], "water", c.water, "green", c.green, c.building] } },
    { id: "lines", type: "line", source: "streets", "source-layer": "lines",
      paint: { "line-color": ["match", ["get", "kind"], "rail", c.rail, c.water], "line-width": 1.5 } },
    { id: "bands", type: "fill", source: "bands", paint: { "fill-color": c.band, "fill-opacity": 0.2 } },
    { ...streets, id: "thin", filter: thin, paint: { "line-color": c.casing, "line-width": width(0.4, 3), "line-dasharray": [2, 1.5] } },
    { ...streets, id: "casing", filter: ["!", thin], paint: { "line-color": c.casing, "line-width": width(1.9, 17), "line-opacity": ["interpolate", ["linear"], ["zoom"], 10, 0.45, 13, 0.9] } },
    { ...streets, id: "small", filter: ["all", ["!", thin], ["!", big]], paint: { "line-color": c.street, "line-width": width(0.9, 14) } },
    { ...streets, id: "big", filter: big, paint: { "line-color": c.main, "line-width": width(2, 18) } },
    { id: "band-edges", type: "line", source: "bands", paint: { "line-color": c.band, "line-width": 1.6, "line-opacity": 0.8 } },
    { id: "route", type: "line", source: "route", layout: round,
      paint: { "line-color": c.route, "line-width": ["match", ["get", "part"], "next", 6, 3.5], "line-opacity": ["match", ["get", "part"], "next", 0.95, 0.5] } },
    { id: "names", type: "symbol", source: "streets", "source-layer": "streets", minzoom: 13.5, filter: [">", ["length", ["coalesce", ["get", "name"], ""]], 2], // a platform's letter is no street
      layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": 12 },
      paint: { "text-color": c.letters, "text-halo-color": c.land, "text-halo-width": 1.5 } },
    { id: "places", type: "symbol", source: "streets", "source-layer": "places",
      layout: { "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": 14 },
      paint: { "text-color": c.letters, "text-halo-color": c.land, "text-halo-width": 2 } },
  ];
}

function style(about: About, c: Colours): StyleSpecification {
  const m = about.map!;
  return {
    version: 8,
    sources: {
      streets: { type: "vector", tiles: [location.origin + m.tiles], minzoom: 8, maxzoom: 15,
        bounds: [m.bounds.min.lon, m.bounds.min.lat, m.bounds.max.lon, m.bounds.max.lat], attribution: m.attribution },
      bands: { type: "geojson", data: NOTHING },
      route: { type: "geojson", data: NOTHING },
    },
    layers: layers(c),
  };
}

/** A polyline at 1e-6 degrees, as GeoJSON's order. */
export function unpack(shape: string): [number, number][] {
  const out: [number, number][] = [];
  let i = 0;
  let lat = 0;
  let lon = 0;
  const next = (): number => {
    let value = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = shape.charCodeAt(i++) - 63;
      value |= (byte & 31) << shift;
      shift += 5;
    } while (byte >= 32);
    return (value & 1) !== 0 ? ~(value >> 1) : value >> 1;
  };
  while (i < shape.length) {
    lat += next();
    lon += next();
    out.push([lon / 1e6, lat / 1e6]);
  }
  return out;
}

export interface Line {
  shape: string;
  part: "next" | "rest";
}

function box(points: [number, number][]): maplibre.LngLatBounds | null {
  const first = points[0];
  return first === undefined ? null : points.reduce((b, p) => b.extend(p), new maplibre.LngLatBounds(first, first));
}

function dot(pin: Pin): HTMLElement {
  const e = document.createElement(pin.press === undefined ? "span" : "button");
  e.addEventListener("click", () => pin.press?.());
  return e;
}

/** Areas, the largest first. */
export interface Band {
  type: "Feature";
  properties: { minutes: number; street_km: number; area_km2: number };
  geometry: { type: "MultiPolygon"; coordinates: [number, number][][][] };
}
export interface Bands {
  type: "FeatureCollection";
  features: Band[];
}

function outlines(bands: Bands): [number, number][] {
  return (bands.features[0]?.geometry.coordinates ?? []).flatMap((area) => area[0] ?? []);
}

interface Shown {
  about: About;
  pins: Pin[];
  lines: Line[];
  fit: string;
  label: string;
  bands?: Bands | null;
  pick?: ((place: Place) => void) | null; // a press on the map, or Enter for its middle, chooses a place
}

/** Shows pins, lines and areas; `fit` names what to look at: another word moves the view again. */
export function MapView({ about, pins, lines, fit, label, bands = null, pick = null }: Shown) {
  const frame = useRef<HTMLDivElement>(null);
  const map = useRef<maplibre.Map | null>(null);
  const markers = useRef(new Map<string, maplibre.Marker>());
  useEffect(() => {
    if (frame.current === null || about.map === null) return;
    const colours = matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT;
    const b = about.map.bounds;
    const made = new maplibre.Map({
      container: frame.current, style: style(about, colours), attributionControl: { compact: false },
      bounds: [[b.min.lon, b.min.lat], [b.max.lon, b.max.lat]], dragRotate: false, pitchWithRotate: false, maxPitch: 0,
    });
    made.touchZoomRotate.disableRotation();
    made.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    made.getCanvas().setAttribute("aria-label", label);
    const kept = markers.current;
    made.on("load", () => frame.current?.setAttribute("data-ready", "true"));
    made.on("idle", () => frame.current?.setAttribute("data-drawn", "true"));
    made.on("dataloading", () => frame.current?.removeAttribute("data-drawn"));
    map.current = made;
    return () => {
      kept.clear();
      map.current = null;
      made.remove();
    };
  }, []);
  useEffect(() => {
    const m = map.current;
    if (m === null) return;
    const seen = new Set(pins.map((p) => p.id));
    for (const [id, marker] of markers.current)
      if (!seen.has(id)) {
        marker.remove();
        markers.current.delete(id);
      }
    for (const pin of pins) {
      const at: [number, number] = [pin.place.lon, pin.place.lat];
      let marker = markers.current.get(pin.id);
      if (marker === undefined) {
        marker = new maplibre.Marker({ element: dot(pin) }).setLngLat(at).addTo(m);
        markers.current.set(pin.id, marker);
      }
      marker.setLngLat(at);
      const e = marker.getElement();
      e.classList.add("pin");
      e.dataset["kind"] = pin.kind;
      e.dataset["id"] = pin.id;
      e.dataset["at"] = `${pin.place.lat.toFixed(5)},${pin.place.lon.toFixed(5)}`;
      e.textContent = pin.text;
      e.setAttribute("aria-label", pin.label);
      e.title = pin.label;
    }
  }, [pins]);
  useEffect(() => {
    const m = map.current;
    if (m === null) return;
    frame.current?.removeAttribute("data-drawn");
    const draw = (): void => void m.getSource<maplibre.GeoJSONSource>("bands")?.setData(bands ?? NOTHING);
    if (m.getSource("bands") !== undefined) draw();
    else void m.once("load", draw);
  }, [bands]);
  useEffect(() => {
    const m = map.current;
    if (m === null || pick === null) return;
    const canvas = m.getCanvas();
    const chosen = (at: maplibre.LngLat): void => pick({ lat: at.lat, lon: at.lng });
    const pressed = (e: maplibre.MapMouseEvent): void => chosen(e.lngLat);
    const keyed = (e: KeyboardEvent): void => {
      if (e.key === "Enter") chosen(m.getCenter());
    };
    m.on("click", pressed);
    canvas.addEventListener("keydown", keyed);
    canvas.style.cursor = "crosshair";
    return () => {
      m.off("click", pressed);
      canvas.removeEventListener("keydown", keyed);
      canvas.style.cursor = "";
    };
  }, [pick]);
  const shapes = lines.map((l) => `${l.part}${l.shape}`).join("|");
  useEffect(() => {
    const m = map.current;
    if (m === null) return;
    const draw = (): void => {
      m.getSource<maplibre.GeoJSONSource>("route")?.setData({
        type: "FeatureCollection",
        features: lines.map((l) => ({ type: "Feature", properties: { part: l.part }, geometry: { type: "LineString", coordinates: unpack(l.shape) } })),
      });
    };
    if (m.isStyleLoaded() === true) draw();
    else void m.once("load", draw);
  }, [shapes]);
  useEffect(() => {
    const near = lines.filter((l) => l.part === "next");
    const points = [...(near.length > 0 ? near : lines).flatMap((l) => unpack(l.shape)), ...(near.length > 0 ? [] : pins.map((p): [number, number] => [p.place.lon, p.place.lat]))];
    const bounds = box(bands === null ? points : outlines(bands));
    if (bounds === null) return;
    frame.current?.removeAttribute("data-drawn");
    map.current?.fitBounds(bounds, { padding: 48, maxZoom: lines.length === 0 ? 14 : 16, animate: false });
  }, [fit]);
  if (about.map === null) return <p class="note">This house has no map.</p>;
  return <div class="map" ref={frame} role="region" aria-label={label} />;
}
