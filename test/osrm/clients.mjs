// osrm-rest-client asks, osrm-text-instructions reads aloud, @mapbox/polyline decodes: as published.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const { OSRM } = require('osrm-rest-client');
const polyline = require('@mapbox/polyline');
const speak = require('osrm-text-instructions')('v5');

const [waybill, extract] = process.argv.slice(2);
const dir = mkdtempSync(join(tmpdir(), 'osrm-'));
const road = join(dir, 'town.road');
execFileSync(waybill, ['road', 'import', extract, '-o', road]);
const door = spawn(waybill, ['road', 'serve', road, '--listen', '127.0.0.1:0', '--max-table', '6'],
	{ stdio: ['ignore', 'pipe', 'inherit'] });
const [line] = await once(createInterface(door.stdout), 'line');
const base = `http://127.0.0.1:${JSON.parse(line).port}`;
const osrm = OSRM({ osrm: base });

const WEST = [11.9605, 57.7000], EAST = [11.9795, 57.7000], HARBOUR = [11.9900, 57.7030], NORTH = [11.9705, 57.7040];
const plain = async (path) => (await fetch(base + path)).json();
const sentences = (route) => route.legs.flatMap((leg, i) =>
	leg.steps.map((s) => speak.compile('en', s, { legIndex: i, legCount: route.legs.length })));
const near = (a, b, off) => Math.abs(a[0] - b[0]) <= off && Math.abs(a[1] - b[1]) <= off;

async function route() {
	const answer = await osrm.route({ coordinates: [WEST, EAST], steps: true, overview: 'full', annotations: true,
		geometries: 'geojson' });
	assert.equal(answer.code, 'Ok');
	const [r] = answer.routes;
	assert.deepEqual(sentences(r), [
		'Head east on Västra vägen (155)',
		'Enter Stora rondellen and take the 2nd exit onto Östra vägen',
		'Exit the roundabout onto Östra vägen',
		'You have arrived at your destination',
	]);
	for (const [kind, decode, off] of [['polyline', polyline.decode, 1e-5], ['polyline6', (s) => polyline.decode(s, 6), 1e-6]]) {
		const other = await osrm.route({ coordinates: [WEST, EAST], overview: 'full', geometries: kind });
		const points = decode(other.routes[0].geometry).map(([lat, lon]) => [lon, lat]);
		assert.equal(points.length, r.geometry.coordinates.length);
		points.forEach((p, i) => assert.ok(near(p, r.geometry.coordinates[i], off), `${kind} point ${i}`));
	}
	const note = r.legs[0].annotation;
	assert.equal(note.nodes.length, r.geometry.coordinates.length);
	assert.deepEqual(note.nodes, [1, 2, 3, 6, 5, 7]);
	assert.equal(note.speed.length, note.nodes.length - 1);
	const metres = note.distance.reduce((a, b) => a + b);
	assert.ok(Math.abs(metres - r.distance) < 5, `${metres} and ${r.distance}`);
	for (const s of r.legs[0].steps)
		for (const x of s.intersections) {
			assert.equal(x.bearings.length, x.entry.length);
			if (x.out !== undefined) assert.ok(x.entry[x.out]);
			assert.deepEqual(x.bearings, [...x.bearings].sort((a, b) => a - b));
		}
}

async function motorway() {
	const { routes: [r] } = await osrm.route({ coordinates: [NORTH, HARBOUR], steps: true });
	const said = sentences(r);
	assert.equal(said[0], 'Head north on Norra gatan');
	assert.match(said[1], /^Take the ramp (on the right )?towards E 6: Stockholm$/);
	assert.match(said[2], /^Merge (slightly )?(right|left) onto E 6$/);
	assert.match(said[3], /^Take the ramp (on the right )?towards Hamnen$/);
	assert.equal(said[4], 'Continue slightly right onto Hamnvägen');
	assert.match(said.at(-1), /^You have arrived at your destination/);
	assert.ok(r.legs[0].steps.some((s) => s.intersections.some((x) => x.classes?.includes('motorway'))));
}

// The van neither turns back where it stops on the way, nor must it where it may.
async function stops() {
	const coordinates = [WEST, EAST, WEST];
	const on = await osrm.route({ coordinates, continue_straight: true });
	const back = await osrm.route({ coordinates, continue_straight: false });
	assert.equal(on.routes[0].legs.length, 2);
	assert.ok(on.routes[0].duration > back.routes[0].duration);
	assert.equal((await osrm.route({ coordinates })).routes[0].duration, on.routes[0].duration);
	const through = await osrm.route({ coordinates: [WEST, [11.9650, 57.7], EAST], waypoints: [0, 2], steps: true });
	assert.equal(through.routes[0].legs.length, 1);
	assert.equal(through.waypoints.length, 2);
}

async function table() {
	const coordinates = [WEST, EAST, HARBOUR, NORTH];
	const { durations, distances } = await plain(`/table/v1/driving/${coordinates.join(';')}?annotations=duration,distance`);
	const points = join(dir, 'points');
	writeFileSync(points, coordinates.map(([lon, lat]) => `${lat},${lon}\n`).join(''));
	const matrix = JSON.parse(execFileSync(waybill, ['road', 'matrix', road, '--points', points]));
	assert.deepEqual(durations, matrix.durations);
	assert.deepEqual(distances, matrix.distances);
	assert.deepEqual((await osrm.table({ coordinates })).durations, durations);
	const one = await osrm.route({ coordinates: [WEST, HARBOUR] });
	assert.equal(one.routes[0].duration, durations[0][2]);
	const part = await osrm.table({ coordinates, sources: [1], destinations: [0, 3] });
	assert.deepEqual(part.durations, [[durations[1][0], durations[1][3]]]);
	const scaled = await plain(`/table/v1/driving/${coordinates.join(';')}?scale_factor=2`);
	assert.ok(Math.abs(scaled.durations[0][1] - 2 * durations[0][1]) < 0.11);
}

async function match() {
	const coordinates = [[11.9605, 57.70003], [11.963, 57.69998], [11.966, 57.70002], [11.969, 57.69999], [11.9745, 57.70002]];
	const answer = await osrm.match({ coordinates, timestamps: [0, 15, 30, 45, 70].map((s) => 1700000000 + s),
		radiuses: [5, 5, 5, 5, 5], steps: true, geometries: 'geojson', overview: 'full' });
	assert.equal(answer.code, 'Ok');
	assert.equal(answer.matchings.length, 1);
	assert.deepEqual(answer.tracepoints.map((p) => p.name),
		['Västra vägen', 'Västra vägen', 'Västra vägen', 'Västra vägen', 'Östra vägen']);
	assert.ok(answer.matchings[0].confidence > 0.5);
	const few = await plain(`/match/v1/driving/${coordinates.join(';')}?waypoints=0;4&steps=true&gaps=ignore`);
	assert.equal(few.matchings[0].legs.length, 1);
	assert.deepEqual(few.tracepoints.map((p) => p.waypoint_index), [0, null, null, null, 1]);
	const dense = await plain(`/match/v1/driving/11.961,57.7;11.96105,57.7;11.966,57.7?tidy=true`);
	assert.equal(dense.tracepoints[1], null);
}

async function nearest() {
	const answer = await osrm.nearest({ coordinates: [[11.9650, 57.7025]], number: 2 });
	assert.deepEqual(answer.waypoints.map((w) => w.name)[0], 'Enkelriktade gränd');
	assert.deepEqual(answer.waypoints[0].nodes, [10, 2]);
}

async function refusals() {
	const cases = [
		['/route/v1/driving/11.96,57.7', 'InvalidOptions'],
		['/route/v1/driving/11.96,57.7;11.97,57.7?exclude=toll', 'InvalidValue'],
		['/route/v1/driving/11.96,57.7;11.97,57.7?voice=loud', 'InvalidQuery'],
		['/route/v1/driving/11.96,57.7;11.97,57.7?hints=a', 'InvalidOptions'],
		['/route/v1/driving/11.96,57.7;11.97,57.7?radiuses=1;1', 'Ok'],
		['/route/v1/driving/11.96,57.72;11.97,57.7?radiuses=1;1', 'NoSegment'],
		['/route/v1/driving/polyline(%5C%5C)', 'InvalidOptions'],
		['/nearest/v1/driving/11.96,57.7?number=200', 'TooBig'],
		[`/table/v1/driving/${Array(7).fill('11.96,57.7').join(';')}`, 'TooBig'],
		['/match/v1/driving/1,1;2,2', 'NoMatch'],
		['/trip/v1/driving/11.96,57.7;11.97,57.7', 'NotImplemented'],
		['/tile/v1/car/tile(1,2,3).mvt', 'NotImplemented'],
		['/fly/v1/driving/11.96,57.7;11.97,57.7', 'InvalidService'],
		['/', 'InvalidUrl'],
	];
	for (const [path, code] of cases) {
		const answer = await fetch(base + path);
		const { code: said, message } = await answer.json();
		assert.equal(said, code, `${path}: ${said} ${message}`);
		assert.equal(answer.status, code === 'Ok' ? 200 : 400, path);
		assert.equal(answer.headers.get('access-control-allow-origin'), '*');
	}
	await assert.rejects(osrm.trip({ coordinates: [WEST, EAST] }), (e) => e.response.body.code === 'NotImplemented');
}

try {
	for (const part of [route, motorway, stops, table, match, nearest, refusals]) {
		await part();
		console.log(`ok ${part.name}`);
	}
} finally {
	door.kill('SIGTERM');
	rmSync(dir, { recursive: true });
}
assert.equal((await once(door, 'exit'))[0], 0);
