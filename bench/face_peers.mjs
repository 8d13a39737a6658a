// Side by side on one picture and one core: waybill, @vladmandic/human and
// @vladmandic/face-api (tiny detector), the two on TensorFlow.js's WASM backend,
// their pictures decoded by sharp (libjpeg-turbo), which is quicker than their own ways.
//
//   npm install --prefix DIR @vladmandic/human@3 @vladmandic/face-api@1.7.15 \
//     @tensorflow/tfjs@4 @tensorflow/tfjs-backend-wasm@4 sharp
//   taskset -c 0 node bench/face/peers.mjs DIR build/release/waybill PICTURE.jpg [ROUNDS]
//
// Prints one JSON object: median and least milliseconds from bytes to descriptor.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const [, , dir, waybill, picture, rounds = '15'] = process.argv;
if (!picture) {
	console.error('usage: node peers.mjs NODE_MODULES_PARENT WAYBILL PICTURE.jpg [ROUNDS]');
	process.exit(2);
}
const require = createRequire(join(resolve(dir), 'x.js'));
const sharp = require('sharp');
sharp.concurrency(1);
// One face of the photograph, as a camera at arm's length would have it: 1280 × 960.
const { faces } = JSON.parse(execFileSync(waybill, ['face', 'detect', picture], { encoding: 'utf8' }));
const [left, top, right, bottom] = faces[faces.length >> 1].box;
const meta = await sharp(readFileSync(picture)).metadata();
const height = Math.min(Math.round((bottom - top) * 1.9), meta.height);
const width = Math.min(Math.round(height * 4 / 3), meta.width);
const crop = {
	left: Math.max(0, Math.min(meta.width - width, Math.round((left + right - width) / 2))),
	top: Math.max(0, Math.min(meta.height - height, Math.round((top + bottom - height) / 2))),
	width, height,
};
const one = join(mkdtempSync(join(tmpdir(), 'waybill-peers-')), 'one.jpg');
writeFileSync(one, await sharp(readFileSync(picture)).extract(crop).resize(1280, 960, { fit: 'fill' }).jpeg({ quality: 90 }).toBuffer());
const bytes = readFileSync(one);
const quiet = console.log;
console.log = () => {};

const measure = async (name, once) => {
	const times = [];
	for (let i = -3; i < Number(rounds); i++) {
		const start = performance.now();
		const dims = await once();
		const took = performance.now() - start;
		if (!dims) throw new Error(`${name} found no face`);
		if (i >= 0) times.push(took);
	}
	times.sort((a, b) => a - b);
	return { median_ms: +times[times.length >> 1].toFixed(1), least_ms: +times[0].toFixed(1) };
};

const decode = async () => {
	const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
	return { data: new Uint8Array(data), shape: [info.height, info.width, 3] };
};

const wasm = require('@tensorflow/tfjs-backend-wasm');
const root = join(resolve(dir), 'node_modules');
wasm.setWasmPaths(`${root}/@tensorflow/tfjs-backend-wasm/dist/`);
wasm.setThreadsCount(1);

const results = { picture_bytes: bytes.length, rounds: Number(rounds) };
const speed = JSON.parse(execFileSync(waybill, ['face', 'speed', one, '--rounds', '40'], { encoding: 'utf8' }));
results.waybill = { median_ms: speed.whole_ms };

const files = async (url) => {
	const path = String(url).replace('file://', '');
	return new Response(readFileSync(path));
};
const realFetch = globalThis.fetch;
globalThis.fetch = (url, options) => (String(url).startsWith('file://') ? files(url) : realFetch(url, options));

try {
	const { Human } = require(join(root, '@vladmandic/human/dist/human.node-wasm.js'));
	const human = new Human({
		backend: 'wasm', wasmPath: `${root}/@tensorflow/tfjs-backend-wasm/dist/`, cacheSensitivity: 0, debug: false,
		modelBasePath: `file://${root}/@vladmandic/human/models/`, filter: { enabled: false },
		face: { enabled: true, emotion: { enabled: false }, iris: { enabled: false }, description: { enabled: true }, mesh: { enabled: true } },
		body: { enabled: false }, hand: { enabled: false }, gesture: { enabled: false }, object: { enabled: false },
	});
	await human.tf.setBackend('wasm');
	await human.load();
	results.human = await measure('human', async () => {
		const { data, shape } = await decode();
		const tensor = human.tf.tensor(data, [1, ...shape], 'int32');
		const found = await human.detect(tensor);
		human.tf.dispose(tensor);
		return found.face[0]?.embedding?.length;
	});
} catch (e) {
	results.human = { failed: String(e.message ?? e).slice(0, 200) };
}

try {
	const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
	await faceapi.tf.setBackend('wasm');
	await faceapi.tf.ready();
	const models = `${root}/@vladmandic/face-api/model`;
	await faceapi.nets.tinyFaceDetector.loadFromDisk(models);
	await faceapi.nets.faceLandmark68Net.loadFromDisk(models);
	await faceapi.nets.faceRecognitionNet.loadFromDisk(models);
	results.face_api_tiny = await measure('face-api', async () => {
		const { data, shape } = await decode();
		const tensor = faceapi.tf.tensor3d(data, shape, 'int32');
		const found = await faceapi.detectSingleFace(tensor, new faceapi.TinyFaceDetectorOptions({ inputSize: 416 }))
			.withFaceLandmarks().withFaceDescriptor();
		faceapi.tf.dispose(tensor);
		return found?.descriptor?.length;
	});
} catch (e) {
	results.face_api_tiny = { failed: String(e.message ?? e).slice(0, 200) };
}
for (const peer of ['human', 'face_api_tiny'])
	if (results[peer].median_ms) results[peer].times_waybill = +(results[peer].median_ms / results.waybill.median_ms).toFixed(1);
rmSync(dirname(one), { recursive: true });
quiet(JSON.stringify(results));
process.exit(0);
