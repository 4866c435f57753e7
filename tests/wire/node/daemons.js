// SPDX-License-Identifier: Apache-2.0
// @grpc/grpc-js against the real daemons, every service of both: daemons.js PROTOS AGENT AGGREGATOR
// (addresses). daemon_client.py has started them, pushed the node "foreign" and seen decision d-1.
'use strict';
const assert = require('assert');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [, , protos, agent, aggregator] = process.argv;
const load = (file) => grpc.loadPackageDefinition(loader.loadSync(file, {
  keepCase: true, longs: String, enums: String, oneofs: true, defaults: true, includeDirs: [protos],
}));
const metrics = load('plimsoll/v1/metrics.proto').plimsoll.v1;
const scaling = load('plimsoll/v1/scaling.proto').plimsoll.v1;
const status = load('plimsoll/v1/status.proto').plimsoll.v1;
const health = load('grpc/health/v1/health.proto').grpc.health.v1;
const reflection = load('grpc/reflection/v1/reflection.proto').grpc.reflection.v1;
const plain = grpc.credentials.createInsecure();
const deadline = () => ({ deadline: Date.now() + 60000 });

const unary = (client, method, request = {}) => new Promise((done, fail) => {
  client[method](request, deadline(), (error, answer) => (error ? fail(error) : done(answer)));
});
const failure = (promise) => promise.then(() => assert.fail('should have failed'), (e) => e);

// The first `n` messages of a stream, then it is cancelled.
const first = (stream, n) => new Promise((done, fail) => {
  const all = [];
  stream.on('data', (m) => {
    all.push(m);
    if (all.length === n) { done(all); stream.cancel(); }
  });
  stream.on('error', (e) => (all.length < n ? fail(e) : undefined));
  stream.on('end', () => fail(new Error(`ended after ${all.length} messages`)));
});

async function common(address, program) {
  assert.strictEqual((await unary(new health.Health(address, plain), 'Check')).status, 'SERVING');
  const [state] = await first(new health.Health(address, plain).Watch({}, deadline()), 1);
  assert.strictEqual(state.status, 'SERVING');
  const answer = await unary(new status.Status(address, plain), 'Get');
  assert.strictEqual(answer.program, program);
  assert(answer.counter.length > 10 && answer.counter.every((c) => c.name));
  const call = new reflection.ServerReflection(address, plain).ServerReflectionInfo(deadline());
  const listed = first(call, 1);
  call.write({ list_services: '*' });
  const names = (await listed)[0].list_services_response.service.map((s) => s.name);
  assert(names.includes('plimsoll.v1.Metrics') && names.includes('grpc.health.v1.Health'), names);
}

async function watching(address, query) {
  const client = new metrics.Metrics(address, plain);
  const snapshot = await unary(client, 'Snapshot', query);
  assert(snapshot.dictionary.length > 0 && snapshot.columns.row.length > 0);
  const [whole, next, last] = await first(client.Watch(query, deadline()), 3);
  assert.strictEqual(whole.dictionary.length, whole.live_rows);
  assert.strictEqual(Number(last.sequence), Number(next.sequence) + 1);
  return snapshot.source.node;
}

async function reporting() {
  const call = new metrics.Ingest(aggregator, plain).Report(deadline());
  const answers = first(call, 2);
  const source = { node: 'by-node-js', boot_id: 'b', agent_version: '0', interval_ns: 1e9, cpus: 1 };
  call.write({ wire_version: 1, source, epoch: '77', boottime_ns: '5000000000' });
  call.write({ wire_version: 1, epoch: '77', sequence: 1, boottime_ns: '6000000000', keyframe: true });
  const [resume, ack] = await answers;
  assert.deepStrictEqual([resume.resume.sequence, ack.ack.epoch, ack.ack.sequence], ['0', '77', '1']);
}

async function deciding() {
  const client = new scaling.Scaling(aggregator, plain);
  const decisions = await unary(client, 'ListDecisions', { workload: ['foreign'] });
  const made = decisions.decision.find((d) => d.id === 'd-1');
  assert.deepStrictEqual([made.from, made.to, made.reason, made.outcome], [1, 2, 'min', 'applied']);
  assert.strictEqual(Number(decisions.total), decisions.decision.length);
  assert((await unary(client, 'Explain', { id: 'd-1' })).text.includes('foreign 1 -> 2'));
  const unknown = await failure(unary(client, 'Explain', { id: 'x' }));
  assert.strictEqual(unknown.code, grpc.status.NOT_FOUND);
  const listed = await unary(client, 'ListWorkloads', { policies_only: true });
  assert.deepStrictEqual(listed.workload.map((w) => w.name), ['foreign']);
  const [list] = await first(client.WatchWorkloads({ name: ['foreign'] }, deadline()), 1);
  assert.strictEqual(list.workload[0].last_decision, decisions.decision[0].id);
  assert.strictEqual((await unary(client, 'Pause', { workload: 'foreign' })).was_paused, false);
  assert.strictEqual((await unary(client, 'Resume', { workload: 'foreign' })).was_paused, true);
  const refused = await failure(unary(client, 'Pause', { workload: 'nobody' }));
  assert.strictEqual(refused.code, grpc.status.NOT_FOUND);
  const watch = client.WatchDecisions({}, deadline());
  watch.on('error', () => {}); // cancelled below: nothing has to come
  await new Promise((done) => { watch.on('metadata', done); setTimeout(done, 200); });
  watch.cancel();
}

async function main() {
  await common(agent, 'plimsoll-agent');
  await common(aggregator, 'plimsoll-aggregator');
  const node = await watching(agent, {});
  await watching(aggregator, { node: [node] });
  await reporting();
  await deciding();
  console.log('@grpc/grpc-js agrees with both daemons');
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
