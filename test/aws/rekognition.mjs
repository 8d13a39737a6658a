// The AWS SDK for JavaScript, unchanged, against `waybill face serve`.
//   node rekognition.mjs WAYBILL MODELS PHOTO.jpg     (skips with 77 without its packages)
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';

let sdk;
try {
	sdk = await import('@aws-sdk/client-rekognition');
} catch {
	console.log('skipped: @aws-sdk/client-rekognition is not installed (npm ci in test/aws)');
	process.exit(77);
}
const [, , waybill, models, photo] = process.argv;
const dir = mkdtempSync(join(tmpdir(), 'waybill-door-'));
const keys = { keys: [
	{ name: 'till', access_key: 'AKIDTILL00000001', secret: 'till-secret-till-secret-till', per_minute: 600 },
	{ name: 'slow', access_key: 'AKIDSLOW00000001', secret: 'slow-secret-slow-secret-slow', per_minute: 1 },
] };
writeFileSync(join(dir, 'keys.json'), JSON.stringify(keys), { mode: 0o600 });
const server = spawn(waybill, ['face', 'serve', '--keys', join(dir, 'keys.json'), '--models', models, '--children', '1'],
	{ stdio: ['ignore', 'pipe', 'pipe'] });
let log = '';
server.stderr.on('data', (d) => { log += d; });
const port = await new Promise((found, failed) => {
	let out = '';
	server.stdout.on('data', (d) => { out += d; if (out.includes('\n')) found(JSON.parse(out).port); });
	server.on('exit', () => failed(new Error(`the server ended: ${log}`)));
});

const client = (accessKeyId, secretAccessKey, extra = {}) => new sdk.RekognitionClient({
	region: 'eu-north-1', endpoint: `http://127.0.0.1:${port}`, maxAttempts: 1,
	credentials: { accessKeyId, secretAccessKey, ...extra },
});
const till = client('AKIDTILL00000001', 'till-secret-till-secret-till');
const bytes = readFileSync(photo);
const refused = async (promise, name) => {
	await assert.rejects(promise, (e) => {
		assert.equal(e.name, name, `${e.name}: ${e.message}`);
		return true;
	});
};

try {
	const { FaceDetails } = await till.send(new sdk.DetectFacesCommand({ Image: { Bytes: bytes } }));
	assert.ok(FaceDetails.length >= 3);
	for (const face of FaceDetails) {
		for (const side of ['Width', 'Height', 'Left', 'Top'])
			assert.ok(face.BoundingBox[side] >= -0.1 && face.BoundingBox[side] <= 1);
		assert.equal(face.Landmarks.length, 5);
		assert.ok(Math.abs(face.Pose.Roll) <= 180);
		for (const guess of ['AgeRange', 'Gender', 'Emotions', 'Beard', 'Smile'])
			assert.equal(face[guess], undefined);
	}

	const compared = await till.send(new sdk.CompareFacesCommand({
		SourceImage: { Bytes: bytes }, TargetImage: { Bytes: bytes }, SimilarityThreshold: 99,
	}));
	assert.equal(compared.FaceMatches.length, 1); // the source's largest face is one of the target's
	assert.ok(compared.FaceMatches[0].Similarity >= 99);
	assert.equal(compared.UnmatchedFaces.length, FaceDetails.length - 1);
	assert.ok(compared.SourceImageFace.Confidence > 60);

	const text = Buffer.from('Dear sir or madam');
	await refused(till.send(new sdk.DetectFacesCommand({ Image: { Bytes: text } })), 'InvalidImageFormatException');
	await refused(till.send(new sdk.DetectFacesCommand({ Image: { Bytes: bytes.subarray(0, bytes.length >> 1) } })),
		'InvalidImageFormatException');
	await refused(till.send(new sdk.DetectFacesCommand({ Image: { Bytes: Buffer.alloc(5242881) } })), 'ImageTooLargeException');
	await refused(till.send(new sdk.DetectFacesCommand({ Image: {} })), 'InvalidParameterException');
	await refused(till.send(new sdk.DetectFacesCommand({ Image: { S3Object: { Bucket: 'b', Name: 'n' } } })),
		'InvalidParameterException');
	for (const command of [
		new sdk.CreateCollectionCommand({ CollectionId: 'c' }), new sdk.ListCollectionsCommand({}),
		new sdk.IndexFacesCommand({ CollectionId: 'c', Image: { Bytes: bytes } }),
		new sdk.SearchFacesByImageCommand({ CollectionId: 'c', Image: { Bytes: bytes } }),
		new sdk.SearchFacesCommand({ CollectionId: 'c', FaceId: '00000000-0000-4000-8000-000000000000' }),
	])
		await refused(till.send(command), 'AccessDeniedException');
	await refused(till.send(new sdk.DetectTextCommand({ Image: { Bytes: bytes } })), 'UnknownOperationException');

	const detect = new sdk.DetectFacesCommand({ Image: { Bytes: bytes } });
	await refused(client('AKIDTILL00000001', 'another-secret-another-secret').send(detect), 'InvalidSignatureException');
	await refused(client('AKIDNOBODY000001', 'till-secret-till-secret-till').send(detect), 'UnrecognizedClientException');
	const late = new sdk.RekognitionClient({ region: 'eu-north-1', endpoint: `http://127.0.0.1:${port}`, maxAttempts: 1,
		systemClockOffset: -3600e3, credentials: { accessKeyId: 'AKIDTILL00000001', secretAccessKey: 'till-secret-till-secret-till' } });
	await refused(late.send(detect), 'InvalidSignatureException');
	const withToken = client('AKIDTILL00000001', 'till-secret-till-secret-till', { sessionToken: 'a-session-token' });
	assert.ok((await withToken.send(detect)).FaceDetails.length >= 3);

	// A liveness session, its camera showing one and the same photograph five times.
	const { SessionId } = await till.send(new sdk.CreateFaceLivenessSessionCommand({}));
	const status = async (id) => till.send(new sdk.GetFaceLivenessSessionResultsCommand({ SessionId: id }));
	assert.equal((await status(SessionId)).Status, 'CREATED');
	const cameraOf = (id) => `http://127.0.0.1:${port}/liveness/${id}`;
	const asked = await (await fetch(cameraOf(SessionId))).json();
	assert.equal(asked.asks.length, 4);
	assert.ok(asked.asks.includes('left') && asked.asks.includes('right'));
	const frames = Array(5).fill(bytes.toString('base64'));
	const show = (id, nonce) => fetch(cameraOf(id), { method: 'POST', body: JSON.stringify({ nonce, frames }) });
	assert.equal((await show(SessionId, asked.nonce)).status, 200);
	const judged = await status(SessionId);
	assert.ok(judged.Status === 'SUCCEEDED' ? judged.Confidence < 50 : judged.Status === 'FAILED', JSON.stringify(judged));
	assert.equal((await show(SessionId, asked.nonce)).status, 400); // one try
	await refused(status('00000000-0000-4000-8000-000000000000'), 'SessionNotFoundException');
	const other = await till.send(new sdk.CreateFaceLivenessSessionCommand({}));
	assert.equal((await show(other.SessionId, asked.nonce)).status, 400); // another session's nonce
	assert.equal((await status(other.SessionId)).Status, 'FAILED');

	const slow = client('AKIDSLOW00000001', 'slow-secret-slow-secret-slow');
	await slow.send(detect);
	await refused(slow.send(detect), 'ThrottlingException');
} finally {
	server.kill('SIGTERM');
	rmSync(dir, { recursive: true });
}
const code = await new Promise((done) => server.on('close', done));
assert.equal(code, 0, log);
// The audit: a line for each call, by key.
assert.match(log, /key=till op=CompareFaces faces=\d+ outcome=ok/);
assert.match(log, /key=slow op=DetectFaces faces=0 outcome=limit/);
console.log('1 passed, 0 failed');
