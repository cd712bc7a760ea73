import type { Redis } from 'ioredis';
import {
  sweepGroupsScript,
  setGroupScript,
} from '../../../src/message-queue/broker/redis/scripts/gates/groups.lua.js';
import { addJobsScript } from '../../../src/message-queue/broker/redis/scripts/add-jobs.lua.js';
import { completeJobsScript } from '../../../src/message-queue/broker/redis/scripts/complete-jobs.lua.js';
import {
  failJobScript,
  releaseJobsScript,
} from '../../../src/message-queue/broker/redis/scripts/fail-job.lua.js';
import { promoteDueScript } from '../../../src/message-queue/broker/redis/scripts/keep-jobs.lua.js';
import type { LuaScript } from '../../../src/message-queue/broker/redis/scripts/lua-script.js';
import { takeJobsScript } from '../../../src/message-queue/broker/redis/scripts/take-jobs.lua.js';
import { addAll } from '../../support/add-all.js';
import { BrokerFixture, completed, testQueue, workOn } from '../../support/redis-broker-fixture.js';
import { TestRedis } from '../../support/redis-server.js';
import { waitUntil } from '../../support/wait-until.js';
import { runSeed } from './flow-seed.js';
import { redisHands, withoutSweep } from './redis-hands.js';

const SCRIPTS = [
  ...[addJobsScript, takeJobsScript, completeJobsScript, failJobScript, releaseJobsScript],
  ...[promoteDueScript, setGroupScript, sweepGroupsScript],
] as (LuaScript & { lua: string })[];
const ORIGINAL = SCRIPTS.map(({ lua }) => lua);

/** Those that find the mistakes below, and more: a mistake that its own seed finds no longer may be found by another. */
const SHARPEST = [2, 7, 9, 12, 15, 27];
const SEEDS = [...new Set([...SHARPEST, ...Array.from({ length: 30 }, (_, at) => at + 1)])];
/** What should happen does so within milliseconds; of what is broken on purpose nobody expects it. */
const PATIENCE_MS = 3_000;
const PATIENCE_WITH_A_MISTAKE_MS = 1_000;

/** What somebody could break: the guarantee, the line, what it would become, and the seed that is tried first. */
const MUTATIONS: readonly (readonly [guarantee: string, line: string, broken: string, seed: number])[] = [
  [
    'a retry keeps its place',
    'if job.group and not isOrdered(job.group) then free(',
    'if job.group then free(',
    12,
  ],
  ['a dead letter parks its key', "if ARGV[15] == '1' then gates().park", 'if false then gates().park', 9],
  ['a cancelled run does not', "if ARGV[15] == '1' then gates().park", 'if true then gates().park', 15],
  ['an end lets the next one in', "if redis.pcall('ZREM', groupKey(name), id) == 1 then", 'if false then', 2],
  ['held jobs that are gone are dropped', 'if not (job and job.isThere) then', 'if false then', 2],
  ['a pause is looked at when a job is taken', 'if lanes().slotsOf(name) > 0 then', 'if true then', 2],
  ['a tenant’s slot is free at the start', 'if isFreedAtStart(name) then free', 'if false then free', 2],
  ['a delayed job holds its place', 'not (job.group and policy().key and policy().key.hold', 'not (false', 7],
  ['more important jobs of a tenant come first', '* LEVEL_SHARE + place', '* 0 + place', 2],
  ['no more run than there are slots', 'if size and size < slots then', 'if size and size <= slots then', 2],
  ['the tenant is asked too', "if job.tenant and not ask('t:'", "if false and not ask('t:'", 2],
  [
    'what is put back keeps its place',
    'and math.abs(score) or newPlace',
    'and newPlace(name, job.priority) or newPlace',
    27,
  ],
  ['what is let in is held no more', 'if waits then gateState.held = gateState.held - 1 end', '', 2],
  ['a resumed group goes on', 'gates().admit(name)\ngates().insertAdmitted()\nreturn', 'return', 2],
  ['a job joins in the order of the adds', 'if not isHeld(score) then', 'if true then', 7],
];

describe('the guarantees of groups', () => {
  let redis: TestRedis;
  let client: Redis;
  let fixture: BrokerFixture;
  let sweepAgain: () => void;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
  });
  beforeEach(() => {
    sweepAgain = withoutSweep();
    fixture = new BrokerFixture(redis);
  });
  afterEach(async () => {
    SCRIPTS.forEach((script, i) => (script.lua = ORIGINAL[i] ?? ''));
    sweepAgain();
    await fixture.close();
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  /** Whether held jobs that were deleted by hand are passed over. */
  async function passesOverGone(patienceMs: number): Promise<void> {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue('gone', { flow: { key: {} } }));
    const ids = ['a1', 'a2', 'a3'];
    const requests = ids.map((jobId) => ({ name: 'job', data: {}, options: { jobId, mq: { key: 'a' } } }));
    await addAll(broker, queue, requests);
    await client.del(queue.toKey('a2'));
    const { seen } = await workOn(broker, queue, () => completed(), 1);
    await waitUntil(() => seen.length === 2, 'those that are there', patienceMs);
    await waitUntil(async () => (await broker.snapshot(queue)).active === 0, 'their ends', patienceMs);
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 0, failed: 0, flow: { held: 0 } });
  }

  /** What is not as promised; null when nothing was found. */
  async function complaint(seeds: readonly number[], patienceMs: number): Promise<string | null> {
    const lock = { durationMs: 1e7, renewMs: 1e7, stalledCheckMs: 1e7 };
    const broker = fixture.broker({ lock });
    try {
      await passesOverGone(patienceMs);
      const stage = { broker, foreign: redisHands(client), isDisturbed: false, patienceMs };
      for (const seed of seeds) await runSeed(stage, seed);
      return null;
    } catch (error) {
      return String(error);
    }
  }

  it('hold', async () => {
    expect(await complaint(SHARPEST, PATIENCE_MS)).toBeNull();
  });

  it.each(MUTATIONS)('are seen to be broken: %s', async (_guarantee, line, broken, first) => {
    let changed = 0;
    for (const script of SCRIPTS) {
      const lua = script.lua.replaceAll(line, broken);
      if (lua !== script.lua) changed += 1;
      script.lua = lua;
    }
    expect(changed).toBeGreaterThan(0);
    const seeds = [first, ...SEEDS.filter((seed) => seed !== first)];
    expect(await complaint(seeds, PATIENCE_WITH_A_MISTAKE_MS)).not.toBeNull();
  });
});
