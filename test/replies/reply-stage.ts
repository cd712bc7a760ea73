import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import type { Job, Queue } from 'bull';
import type { Redis } from 'ioredis';
import { getQueueToken, MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import type { MessageQueueOptions } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { BrokerFixture, testQueue, workOn } from '../support/redis-broker-fixture.js';
import { waitUntil } from '../support/wait-until.js';
import { ADDS, ASKS, DEAD, LATER, OTHERS, outcomeOf, WAITING } from './calls.js';
import type { CalledJob } from './calls.js';
import {
  ACTS,
  HELD,
  Round,
  RoundProcessor,
  SPARE,
  SpareProcessor,
  STILL,
  StillProcessor,
  WORK,
} from './round.js';
import type { Act } from './round.js';

/** A long spell outlives it. */
const LOCK = { durationMs: 2_000, renewMs: 400, stalledCheckMs: 200 };
/** Before the calls are made that somebody waits for, milliseconds. */
const LONG_MS = 2_100;
const SHORT_MS = 200;
/** For how long these are refused, milliseconds: less than they are patient. */
const REFUSED_MS = 400;
/** How long an app that has just started may take to reach Redis, milliseconds; it ends hangs. */
const REACHED_WITHIN_MS = 60_000;
/** Every call settles within this time, whatever Redis answers; it ends hangs. */
const SETTLES_WITHIN_MS = 20_000;

/** What makes a Redis refuse. */
export interface Refusal {
  /** Longer than locks live, and with every call that a host may make. */
  readonly isThorough: boolean;
  begin(): unknown;
  end(): unknown;
}

/** What became of each call in one spell. */
export interface RefusedCalls {
  readonly calls: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<Act, string>>;
  /** For how long this process stood still at most while they were made, milliseconds: who waited for an answer may have given up then. */
  readonly stoodMs: number;
  readonly lines: readonly string[];
}

/** Two apps that add and run jobs, before a Redis that refuses now and then. */
export class ReplyStage {
  private readonly hosts = new HostApps();
  private apps: INestApplication[] = [];
  private rounds = 0;

  /** @param admin a connection that is never refused, or only with all others */
  constructor(
    private readonly redis: { readonly port: number; readonly password?: string },
    private readonly admin: Redis,
    private readonly prefix: string,
  ) {}

  async open(): Promise<void> {
    const { redis, prefix } = this;
    const options: MessageQueueOptions = {
      ...{ provider: 'redis', environment: 'test', prefix, lock: LOCK, builtInQueues: false },
      ...{ redis: { host: '127.0.0.1', ...redis }, board: { enabled: false } },
    };
    const queues = [WORK, STILL, SPARE].map((definition) => MessageQueueModule.registerQueue(definition));
    for (let app = 1; app <= 2; app++) {
      const imports = [MessageQueueModule.forRoot(options), ...queues];
      const providers = [RoundProcessor, StillProcessor, SpareProcessor];
      this.apps.push(await this.hosts.start({ imports, providers }));
    }
    for (const queue of ['still', 'spare']) await this.service.pauseQueue(queue);
    await waitUntil(() => this.isHeard(), 'both apps to listen');
  }

  async close(): Promise<void> {
    await this.hosts.close();
  }

  /** Makes all calls of a Redis that refuses for a while, and waits for what comes of each. */
  async refuse({ isThorough, begin, end }: Refusal): Promise<RefusedCalls> {
    const round = new Round(`${this.prefix}-${(this.rounds += 1)}`);
    const jobs = await this.called(round);
    const closing = await this.closing();
    const ids = await this.prepare(round);
    const lines = this.hosts.logger.lines.length;

    await begin();
    const refusesSince = performance.now();
    round.refuses();
    for (const queue of this.queues('work')) await queue.resume(true);
    await until(refusesSince + (isThorough ? LONG_MS : SHORT_MS));
    const stood = standstill();
    const subjects = {
      ...{ service: this.service, still: this.queue('still'), spare: this.queue('spare') },
      ...{ round: round.name, job: (name: CalledJob): Job => jobs.get(name) as Job },
    };
    const asked = Object.entries({ ...ADDS, ...ASKS, ...(isThorough ? OTHERS : {}) }).map(
      async ([name, call]) => {
        return [name, await settled(outcomeOf(() => call(subjects)))] as const;
      },
    );
    asked.push(this.askHealth(), closing());
    // What is refused at once is not answered by what comes after.
    await Promise.race([Promise.all(asked), pause(REFUSED_MS)]);
    await end();
    round.obeys();
    const calls = Object.fromEntries(await Promise.all(asked));
    const stoodMs = stood();
    const heard = waitUntil(() => this.isHeard(), 'both apps to listen').then(
      () => 'listens',
      () => 'deaf',
    );
    const ends = await Promise.all(
      ACTS.map(async (act) => [act, await this.endOf(round, act, ids.get(act))]),
    );
    return {
      calls: { ...calls, subscribe: await heard },
      jobs: Object.fromEntries(ends) as Record<Act, string>,
      stoodMs,
      lines: this.hosts.logger.lines.slice(lines),
    };
  }

  /** The jobs that calls are made on. */
  private async called(round: Round): Promise<Map<CalledJob, Job>> {
    const payload = { round: round.name, act: 'take' } as const;
    const jobs = new Map<CalledJob, Job>();
    for (const name of [...WAITING, ...DEAD, ...LATER]) {
      const delay = (LATER as readonly string[]).includes(name) ? 60_000 : 0;
      const options = { delay, deadlineMs: REACHED_WITHIN_MS };
      const { id } = await this.service.enqueue(STILL, 'work', payload, options);
      if ((DEAD as readonly string[]).includes(name)) await this.service.cancelJob('still', id, 'no');
      jobs.set(name, (await this.service.getJob('still', id)) as Job);
    }
    return jobs;
  }

  /** A worker that is closed while Redis refuses. */
  private async closing(): Promise<() => Promise<readonly [string, string]>> {
    const fixture = new BrokerFixture(this.redis);
    const broker = fixture.broker();
    await workOn(broker, broker.createQueue(testQueue()));
    return async () => ['close', await settled(outcomeOf(() => fixture.close()))];
  }

  /** Lets jobs run, wait, be due, and lie where a dead worker left them. */
  private async prepare(round: Round): Promise<Map<Act, string>> {
    const ids = new Map<Act, string>();
    const add = async (act: Act, delay = 0): Promise<void> => {
      const { id } = await this.service.enqueue(WORK, 'work', { round: round.name, act }, { delay });
      ids.set(act, id);
    };
    for (const act of HELD) await add(act);
    await waitUntil(() => HELD.every((act) => round.runsOf(act) === 1), 'the runs to begin');
    for (const queue of this.queues('work')) await queue.pause(true, true);
    await add('take');
    await add('promote', SHORT_MS);
    const key = `${this.prefix}:work:${round.name}`;
    const data = JSON.stringify({ round: round.name, act: 'recover' });
    await this.admin.hset(key, { name: 'work', data, timestamp: Date.now(), opts: '{"attempts":2}' });
    await this.admin.lpush(`${this.prefix}:work:active`, round.name);
    return ids.set('recover', round.name);
  }

  private async endOf(round: Round, act: Act, id = ''): Promise<string> {
    const queue = this.queue('work');
    const look = async (): Promise<string | null> => {
      const job = await queue.getJob(id);
      const state = await job?.getState();
      if (job === null || (state !== 'completed' && state !== 'failed')) return null;
      const crashes = (await this.admin.hget(queue.toKey(id), 'mqCrashes'))?.split('"kind"').length ?? 1;
      const runs = round.runsOf(act);
      return `${state} after ${runs} ${runs === 1 ? 'run' : 'runs'}${crashes > 1 ? `, ${crashes - 1} crashed` : ''}`;
    };
    return waitUntil(look, `the end of ${act}`).catch((error: unknown) => String(error));
  }

  /** Never rejects, and never says of a server that answers that it cannot be reached. */
  private async askHealth(): Promise<readonly [string, string]> {
    const { reasons } = await this.service.getQueueHealth('still');
    const codes = reasons.map(({ code }) => code);
    return ['health', codes.includes('BROKER_UNREACHABLE') ? 'unreachable' : 'answered'];
  }

  private async isHeard(): Promise<boolean> {
    const channel = `${this.prefix}:work:mq:cancel`;
    const [, listeners] = (await this.admin.pubsub('NUMSUB', channel)) as [string, number];
    return listeners === this.apps.length;
  }

  private get service(): MessageQueueService {
    return (this.apps[0] as INestApplication).get(MessageQueueService);
  }

  private queue(name: string): Queue {
    return this.queues(name)[0] as Queue;
  }

  private queues(name: string): Queue[] {
    return this.apps.map((app) => app.get<Queue>(getQueueToken(name), { strict: false }));
  }
}

/** By the clock that measures, not by counting timers: on a busy machine they add up. */
async function until(time: number): Promise<void> {
  await pause(Math.max(0, time - performance.now()));
}

/** @returns what tells for how long this process stood still at most since, milliseconds */
function standstill(): () => number {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  return () => {
    delay.disable();
    return delay.max / 1e6;
  };
}

function settled(outcome: Promise<string>): Promise<string> {
  const hangs = new Promise<string>((resolve) =>
    setTimeout(() => resolve('hangs'), SETTLES_WITHIN_MS).unref(),
  );
  return Promise.race([outcome, hangs]);
}
