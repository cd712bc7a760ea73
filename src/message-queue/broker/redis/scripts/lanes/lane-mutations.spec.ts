import Bull from 'bull';
import { completed, testQueue, workOn } from '../../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import { addJobsScript } from '../add-jobs.lua.js';
import { completeJobsScript } from '../complete-jobs.lua.js';
import { releaseJobsScript } from '../fail-job.lua.js';
import { takeJobsScript } from '../take-jobs.lua.js';

const SCRIPTS = [addJobsScript, takeJobsScript, completeJobsScript, releaseJobsScript] as { lua: string }[];
const ORIGINAL = SCRIPTS.map(({ lua }) => lua);

/** What somebody could break: the guarantee, the line, and what it would become. */
const MUTATIONS: readonly (readonly [guarantee: string, line: string, broken: string])[] = [
  [
    'first in, first out within a lane',
    "redis.call('RPOP', key, math.min",
    "redis.call('LPOP', key, math.min",
  ],
  ['new jobs at the end of their lane', "pushToLane('LPUSH', ids, level)", "pushToLane('RPUSH', ids, level)"],
  [
    'handed back to the front of its lane',
    "pushToLane('RPUSH', reversed(ids)",
    "pushToLane('LPUSH', reversed(ids)",
  ],
  ['no priority comes last', 'if level == 0 then return LAST_RANK end', ''],
  [
    'the most important lane first',
    'return level\nend\n\nlocal function levelOf',
    'return -level\nend\n\nlocal function levelOf',
  ],
  ['maxWaiting over all lanes', '(tonumber(waitingInLanes()) or 0)', '0'],
  [
    'the count follows what leaves a lane',
    "if type(redis.pcall('DECRBY', countKey, count)) == 'table' then countAnew() end",
    '',
  ],
  ['a job stands in one place', "redis.call('LREM', base .. 'active', 1, id)\n    group", 'group'],
  ['plain Bull’s priorities in their place', 'if unsorted == 0 then', 'if true then'],
  ['none is taken while paused', 'if isPaused() then return {}, false end', ''],
];

describe('the guarantees of lanes', () => {
  const stage = redisStage({ withProblems: true });

  afterEach(() => SCRIPTS.forEach((script, i) => (script.lua = ORIGINAL[i] ?? '')));

  /** Whatever is not as promised after jobs of both kinds of producers were added, handed back and run. */
  async function complaints(): Promise<string[]> {
    const found: string[] = [];
    const hold = (what: string, actual: unknown, expected: unknown): void => {
      if (JSON.stringify(actual) !== JSON.stringify(expected))
        found.push(`${what}: ${JSON.stringify(actual)}`);
    };
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue('work', { maxWaiting: 12 }));
    const plain = new Bull('work', { prefix: stage.fixture.prefix, redis: { port: stage.redis.port } });
    const add = (jobId: string, priority: number): Promise<unknown> =>
      broker.addOnce(queue, { name: 'job', data: {}, options: { jobId, priority } });
    const ofPlain = (jobId: string, priority: number): Promise<unknown> =>
      plain.add('job', {}, { jobId, priority });
    for (const [id, level] of [
      ['3a', 3],
      ['6a', 6],
      ['2a', 2],
      ['6b', 6],
      ['3b', 3],
    ] as const)
      await add(id, level);
    for (const [id, level] of [
      ['3c', 3],
      ['1a', 1],
      ['1b', 1],
      ['0a', 0],
      ['2b', 2],
    ] as const)
      await ofPlain(id, level);
    await add('3d', 3);
    await add('9a', 9);
    hold(
      'full',
      await add('more', 3).catch((error: unknown) => (error as { code: string }).code),
      'QUEUE_FULL',
    );
    const ran: string[] = [];
    await queue.pause();
    const { worker } = await workOn(
      broker,
      queue,
      async ({ job }) => {
        ran.push(String(job.id));
        // Fewer when some were taken ahead.
        if (ran.length === 5) hold('at most 8 wait', (await queue.getWaitingCount()) <= 8, true);
        return ran.length === 1 ? { kind: 'handed-back' } : completed();
      },
      1,
    );
    const other = broker.createQueue(testQueue('other'));
    const { seen } = await workOn(broker, other);
    await broker.addOnce(other, { name: 'job', data: {}, options: {} });
    await waitUntil(() => seen.length === 1, 'another job');
    hold('while paused', ran, []);
    await queue.resume();
    // Not until nothing is active: the recovery would tidy up what is left there by mistake.
    const isOver = async (): Promise<boolean> => ran.length > 12 && (await queue.getCompletedCount()) >= 12;
    await waitUntil(isOver, 'the runs').catch(() => found.push('not all ran'));
    await worker.stopFetching();
    hold('order', ran, ['1a', '1a', '1b', '2a', '2b', '3a', '3b', '3c', '3d', '6a', '6b', '9a', '0a']);
    const left = await stage.client.exists(
      ['wait', 'active', 'mq:lanes', 'mq:waiting'].map((key) => queue.toKey(key)),
    );
    hold('left behind', left, 0);
    await plain.close();
    return found;
  }

  it('hold', async () => {
    expect(await complaints()).toEqual([]);
  }, 30_000);

  it.each(MUTATIONS)(
    'are seen to be broken: %s',
    async (_guarantee, line, broken) => {
      let changed = 0;
      for (const script of SCRIPTS) {
        const lua = script.lua.replaceAll(line, broken);
        if (lua !== script.lua) changed += 1;
        script.lua = lua;
      }
      expect(changed).toBeGreaterThan(0);
      expect(await complaints()).not.toEqual([]);
    },
    30_000,
  );
});
