// SPDX-License-Identifier: Apache-2.0
// @grpc/grpc-js against lib/rpc: a gRPC and HTTP/2 stack that shares no code with gRPC core.
'use strict';
const assert = require('assert');
const { spawn } = require('child_process');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [, , protos, binary] = process.argv;
const load = (file) => grpc.loadPackageDefinition(loader.loadSync(file, {
  keepCase: true, longs: Number, enums: String, oneofs: true, includeDirs: [protos],
}));
const plimsoll = load('plimsoll/v1/metrics.proto').plimsoll.v1;
const health = load('grpc/health/v1/health.proto').grpc.health.v1;
const reflections = {
  v1: load('grpc/reflection/v1/reflection.proto').grpc.reflection.v1,
  v1alpha: load('grpc/reflection/v1alpha/reflection.proto').grpc.reflection.v1alpha,
};
const deadline = () => ({ deadline: Date.now() + 30000 });

const unary = (client, method, request, options = deadline()) => new Promise((done, fail) => {
  client[method](request, options, (error, answer) => (error ? fail(error) : done(answer)));
});
const collect = (stream) => new Promise((done, fail) => {
  const all = [];
  stream.on('data', (m) => all.push(m));
  stream.on('error', fail);
  stream.on('end', () => done(all));
});
const failure = (promise) => promise.then(() => assert.fail('should have failed'), (e) => e);

async function started(tls, use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-wire.'));
  const server = spawn(binary, ['127.0.0.1:0', ...(tls ? [folder] : [])],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => server.on('exit', done));
  try {
    const line = await new Promise((done) => server.stdout.once('data', (d) => done(String(d))));
    await use(`127.0.0.1:${line.split(' ')[1].trim()}`, folder, server);
    server.kill('SIGTERM');
    assert.strictEqual(await ended, 0);
  } finally {
    server.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true });
  }
}

async function everyKind(address, credentials) {
  const metrics = new plimsoll.Metrics(address, credentials);
  const ingest = new plimsoll.Ingest(address, credentials);
  assert.strictEqual((await unary(metrics, 'Snapshot', { since_sequence: 42 })).sequence, 42);
  const watched = await collect(metrics.Watch({ since_sequence: 50 }, deadline()));
  assert.deepStrictEqual(watched.map((b) => b.sequence), Array.from({ length: 50 }, (_, i) => i + 1));

  const report = ingest.Report(deadline());
  const acks = collect(report);
  for (let i = 1; i <= 200; i += 1) report.write({ sequence: i });
  report.end();
  assert.strictEqual((await acks).pop().ack.sequence, 200);

  const counted = await new Promise((done, fail) => {
    const call = ingest.makeClientStreamRequest('/test.Echo/Collect',
      ingest.Report.requestSerialize, metrics.Snapshot.responseDeserialize, deadline(),
      (error, answer) => (error ? fail(error) : done(answer)));
    for (let i = 0; i < 70; i += 1) call.write({ sequence: i });
    call.end();
  });
  assert.strictEqual(counted.sequence, 70);

  const open = metrics.Watch({ since_sequence: 3 }, deadline());
  let seen = 0;
  const ended = collect(open);
  open.on('data', () => { seen += 1; if (seen === 3) open.cancel(); });
  assert.strictEqual((await failure(ended)).code, grpc.status.CANCELLED);
  metrics.close();
  ingest.close();
}

async function errors(address) {
  const metrics = new plimsoll.Metrics(address, grpc.credentials.createInsecure());
  const refused = await failure(unary(metrics, 'Snapshot', { since_sequence: 404 }));
  assert.strictEqual(refused.code, grpc.status.NOT_FOUND);
  assert.strictEqual(refused.details, 'no such second');
  const rich = refused.metadata.get('grpc-status-details-bin')[0];
  assert(rich.includes('google.rpc.Help') && rich.includes('ask for a later one'));
  const late = await failure(unary(metrics, 'Snapshot', { since_sequence: 408 },
    { deadline: Date.now() + 300 }));
  assert.strictEqual(late.code, grpc.status.DEADLINE_EXCEEDED);
  const raw = (name, bytes) => failure(new Promise((done, fail) => {
    metrics.makeUnaryRequest(name, (b) => b, (b) => b, bytes, deadline(),
      (error, answer) => (error ? fail(error) : done(answer)));
  }));
  assert.strictEqual((await raw('/plimsoll.v1.Metrics/Nothing', Buffer.alloc(0))).code,
    grpc.status.UNIMPLEMENTED);
  assert.strictEqual((await raw('/plimsoll.v1.Metrics/Snapshot', Buffer.from([255, 255]))).code,
    grpc.status.INVALID_ARGUMENT);
  assert.strictEqual((await raw('/plimsoll.v1.Metrics/Snapshot', Buffer.alloc(5 << 20))).code,
    grpc.status.RESOURCE_EXHAUSTED);
  assert.strictEqual((await unary(metrics, 'Snapshot', { since_sequence: 1 })).sequence, 1);
  metrics.close();
}

async function healthAndReflection(address, server) {
  const plain = grpc.credentials.createInsecure();
  const client = new health.Health(address, plain);
  assert.strictEqual((await unary(client, 'Check', { service: '' })).status, 'SERVING');
  const watch = client.Watch({ service: 'plimsoll.v1.Metrics' }, deadline());
  const states = [];
  const changed = collect(watch);
  watch.on('data', (m) => {
    states.push(m.status);
    if (states.length < 3) server.kill('SIGUSR1');
    else watch.cancel();
  });
  assert.strictEqual((await failure(changed)).code, grpc.status.CANCELLED);
  assert.deepStrictEqual(states, ['SERVING', 'NOT_SERVING', 'SERVING']);
  client.close();

  for (const version of ['v1', 'v1alpha']) {
    const reflection = new reflections[version].ServerReflection(address, plain);
    const call = reflection.ServerReflectionInfo(deadline());
    const answers = collect(call);
    call.write({ list_services: '*' });
    call.write({ file_containing_symbol: 'plimsoll.v1.Metrics' });
    call.write({ file_by_filename: 'nothing.proto' });
    call.end();
    const [services, file, lost] = await answers;
    assert(services.list_services_response.service.some((s) => s.name === 'plimsoll.v1.Metrics'));
    assert.strictEqual(file.file_descriptor_response.file_descriptor_proto.length, 1);
    assert.strictEqual(lost.error_response.error_code, grpc.status.NOT_FOUND);
    reflection.close();
  }
}

async function main() {
  await started(false, async (address, _, server) => {
    const stranger = net.connect(Number(address.split(':')[1]), '127.0.0.1');
    stranger.on('error', () => {});
    stranger.write('GET / HTTP/1.1\r\n\r\n');
    await everyKind(address, grpc.credentials.createInsecure());
    await errors(address);
    await healthAndReflection(address, server);
    stranger.destroy();
  });
  await started(true, async (address, folder) => {
    const read = (name) => fs.readFileSync(path.join(folder, name));
    await everyKind(address,
      grpc.credentials.createSsl(read('ca.crt'), read('client.key'), read('client.crt')));
    const nobody = new health.Health(address, grpc.credentials.createSsl(read('ca.crt')));
    assert.strictEqual((await failure(unary(nobody, 'Check', {}))).code, grpc.status.UNAVAILABLE);
    nobody.close();
  });
  console.log('@grpc/grpc-js agrees');
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
