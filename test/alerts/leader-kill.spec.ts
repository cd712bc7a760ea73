import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyWebhook } from '../../src/message-queue/adapters/webhook/index.js';
import type { StoredAlert } from '../../src/message-queue/broker/activity-store.js';
import type { AlertNotice } from '../../src/message-queue/jobs/events/alert-notice.js';
import { workerScript } from '../faults/process/worker-script.js';
import type { WorkerScript } from '../faults/process/worker-script.js';
import { BrokerFixture } from '../support/redis-broker-fixture.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { ALERT_SECRET, WATCHED_QUEUE } from './alert-host.js';
import type { AlertHostSettings } from './alert-host.js';

/** A request that a receiver got, with the id that its signature covers. */
interface Received {
  readonly id: string;
  readonly type: string;
  readonly notice: AlertNotice;
}

describe('the process that judges alerts is killed while one fires', () => {
  let redis: TestRedis;
  let script: WorkerScript;
  let fixture: BrokerFixture;
  let server: Server;
  let held: (() => void) | null = null;
  let holds = true;
  const received: Received[] = [];
  const processes: ChildProcess[] = [];

  beforeAll(async () => {
    redis = await TestRedis.start();
    script = workerScript('alert-host', 'test/alerts');
    fixture = new BrokerFixture(redis);
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push(verified(request.headers, Buffer.concat(chunks)));
        const answer = (): void => void response.writeHead(204).end();
        if (holds) held = answer;
        else answer();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    await Promise.all(processes.map(kill));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await fixture.close();
    script.remove();
    await redis.stop();
  });

  function verified(headers: IncomingHttpHeaders, body: Buffer): Received {
    const id = verifyWebhook({ headers, body }, ALERT_SECRET);
    const { type, data } = JSON.parse(body.toString()) as { type: string; data: AlertNotice };
    return { id, type, notice: data };
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async function start(): Promise<ChildProcess> {
    const settings: AlertHostSettings = {
      redisPort: redis.port,
      prefix: fixture.prefix,
      webhookPort: (server.address() as AddressInfo).port,
    };
    const env = { ...process.env, NODE_PATH: script.nodePath };
    const child = fork(script.file, [JSON.stringify(settings)], { env, execArgv: [] });
    processes.push(child);
    await once(child, 'message');
    return child;
  }

  it('tells receivers of one incident: it fires, and is over', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(WATCHED_QUEUE);
    const stored = async (): Promise<StoredAlert | undefined> => (await broker.activity.look([])).alerts[0];
    const leader = await start();
    await queue.addBulk([1, 2, 3].map((n) => ({ name: 'job', data: { n } })));
    await waitUntil(() => held !== null, 'the first process to tell');
    await start();
    // It was told, and whoever told it never learns.
    await kill(leader);
    held?.();
    expect(await stored()).toMatchObject({
      state: 'firing',
      toSend: 'firing',
      sentTo: expect.not.arrayContaining(['webhook']),
    });
    holds = false;
    // Its lease would end by itself, after 15 s.
    const client = redis.client();
    await client.pexpire(`${fixture.prefix}:{ops}:leader`, 1);
    client.disconnect();

    await waitUntil(async () => (await stored())?.toSend === null, 'the next one to tell');
    await broker.purge(queue);
    await waitUntil(async () => {
      const alert = await stored();
      return alert?.state === 'ok' && alert.toSend === null;
    }, 'the end to be told');

    // Twice the same: the receiver drops the second by its id.
    const told = new Map(received.map((one) => [one.id, one]));
    expect([...told.values()].map(({ type }) => type)).toEqual(['alert.firing', 'alert.resolved']);
    expect(received.map(({ type }) => type)).toEqual(['alert.firing', 'alert.firing', 'alert.resolved']);
    expect(new Set(received.map(({ notice }) => notice.id)).size).toBe(1);
    expect(received[0]?.notice).toMatchObject({
      ...{ rule: 'QueueDepthHigh', queue: 'watched', value: 3, limit: 1, severity: 'warning' },
    });
  });
});
