import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Queue } from 'bull';
import { writtenPayload } from '../../src/message-queue/admission/payloads/json-payload.js';
import type { AddRequest } from '../../src/message-queue/broker/broker.js';
import type { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import type { SpoolOptions } from '../../src/message-queue/broker/redis/spool/spool.js';
import { JobPriority, toBullPriority } from '../../src/message-queue/jobs/job-priority.js';
import type { QueueDefinition } from '../../src/message-queue/jobs/queue-definition.js';
import { request } from './add-requests.js';
import { BrokerFixture, testQueue } from './redis-broker-fixture.js';
import { redisStage } from './redis-stage.js';
import type { RedisStage } from './redis-stage.js';
import { TcpProxy } from './tcp-proxy.js';
import { waitUntil } from './wait-until.js';

/** Level of the jobs that ask for none. */
const NORMAL = toBullPriority(JobPriority.NORMAL);

/** An ordinary add with the payload `{ n }`. */
export const ordinary = (n: number): AddRequest => ({
  ...request({ data: writtenPayload({ n }), options: { priority: NORMAL } }),
  ordinary: true,
});

/** The `n` of jobs that have one, in their order. */
export function numbersOf(jobs: readonly { readonly data: unknown }[]): number[] {
  return jobs.map(({ data }) => (data as { n?: number }).n ?? -1).filter((n) => n >= 0);
}

/** A broker that spools, and its queue. */
export interface Spooling {
  readonly broker: RedisBroker;
  readonly queue: Queue;
}

/** What the tests of spools stand on: a server behind a proxy, and a directory for each test. */
export interface SpoolStage {
  readonly server: RedisStage;
  readonly proxy: TcpProxy;
  /** Brokers behind the proxy. */
  readonly behind: BrokerFixture;
  readonly directory: string;
  open(over?: Partial<SpoolOptions>, queue?: Partial<QueueDefinition>): Spooling;
  /** Opens one, adds job 0, takes Redis away, and adds a job without a number to the spool. */
  spooling(over?: Partial<SpoolOptions>, queue?: Partial<QueueDefinition>): Promise<Spooling>;
}

/** Sets the stage for the tests of a `describe`. */
export function spoolStage(): SpoolStage {
  const server = redisStage({ withProblems: true });
  let directory: string;
  let proxy: TcpProxy;
  let behind: BrokerFixture;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mq-spool-'));
    proxy = await TcpProxy.start(server.redis.port);
    behind = new BrokerFixture({ port: proxy.port });
  });
  afterEach(async () => {
    await behind.close();
    await proxy.stop();
    rmSync(directory, { recursive: true });
  });

  function open(over: Partial<SpoolOptions> = {}, queue: Partial<QueueDefinition> = {}): Spooling {
    const spool = { directory, maxJobs: 10_000, maxBytes: 10_000_000, fsync: true, ...over };
    const broker = behind.broker({ whenUnavailable: 'spool', spool, enqueueTimeoutMs: 2_000 });
    return { broker, queue: broker.createQueue(testQueue(queue.name, queue)) };
  }

  async function spooling(...options: Parameters<typeof open>): Promise<Spooling> {
    const opened = open(...options);
    const { broker, queue } = opened;
    await broker.addOnce(queue, ordinary(0));
    proxy.refuse();
    await waitUntil(() => queue.client.status !== 'ready', 'the client to notice');
    await broker.addOnce(queue, request());
    return opened;
  }

  return {
    server,
    open,
    spooling,
    get proxy() {
      return proxy;
    },
    get behind() {
      return behind;
    },
    get directory() {
      return directory;
    },
  };
}
