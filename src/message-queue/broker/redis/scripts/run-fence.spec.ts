import { addAll } from '../../../../../test/support/add-all.js';
import { withOtherRedis } from '../../../../../test/support/other-redis.js';
import { completed, testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { RedisScripts } from '../connections/redis-scripts.js';
import { completeJobsScript } from './complete-jobs.lua.js';
import { endPassingOnScript, passOnScript, releaseJobsScript } from './fail-job.lua.js';
import { beginSuspectScript } from './take-jobs.lua.js';

const SCRIPTS = [
  completeJobsScript,
  releaseJobsScript,
  beginSuspectScript,
  passOnScript,
  endPassingOnScript,
] as {
  name: string;
  lua: string;
}[];
const ORIGINAL = SCRIPTS.map(({ lua }) => lua);
const CRASH = '{"at":1,"attempt":1,"kind":"crash","error":"WorkerCrashed","message":"died"}';
const JOBS = 40;
const PASSED_ON = {
  kind: 'passed-on',
  delayMs: 1,
  leftMs: 1,
  since: 1,
  version: 1,
  reason: 'not known',
} as const;

/** Every run of a job is the one that the call names after its id. */
const EVERY_RUN = `if command == 'SREM' and string.find(key, ':ahead$') then
  for i = 1, #args do args[i] = string.gsub(args[i], '^%S+', 'later') end
  return real.call(command, key, unpack(args))
end
if command == 'HGET' or command == 'HMGET' then
  local stored, run = real.call(command, key, ...), nil
  for i = 2, #ARGV do
    if key == KEYS[1] .. ARGV[i - 1] then run = ARGV[i] end
  end
  if not run then return stored end
  if command == 'HGET' then return args[1] == 'mqRun' and run or stored end
  for i = 1, #args do
    if args[i] == 'mqRun' then stored[i] = run end
  end
  return stored
end`;

describe('a call about a run that is sent again, as one whose answer was lost', () => {
  const stage = redisStage({ withProblems: true });

  afterEach(() => {
    jest.restoreAllMocks();
    SCRIPTS.forEach((script, i) => (script.lua = ORIGINAL[i] ?? ''));
  });

  /** What calls change that are sent again when the same worker holds all the jobs ahead once more. */
  async function changes(): Promise<string[]> {
    const { client } = stage;
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    const ids = Array.from({ length: JOBS }, (_, n) => (n === 5 ? 'suspect' : `job-${n}`));
    const request = { name: 'job', data: {} };
    await addAll(
      broker,
      queue,
      ids.map((jobId) => ({ ...request, options: { removeOnComplete: false, jobId } })),
    );
    await client.hset(queue.toKey('suspect'), 'mqCrashes', `${CRASH},${CRASH}`);
    const run = jest.spyOn(RedisScripts.prototype, 'run');
    let runs = 0;
    const { worker } = await workOn(
      broker,
      queue,
      () => {
        runs += 1;
        return runs === 3 ? { kind: 'handed-back' } : runs === 5 ? PASSED_ON : completed();
      },
      1,
    );
    await waitUntil(async () => (await broker.snapshot(queue)).completed === JOBS, 'the runs');
    await worker.stopFetching();

    const later = client
      .multi()
      .del(queue.toKey('completed'), queue.toKey('mq:ahead'))
      .lpush(queue.toKey('active'), ...ids)
      .hset(queue.toKey('suspect'), { mqHeld: 'suspect' })
      .zadd(queue.toKey('mq:unknown'), ...ids.flatMap((id) => [1, id]))
      .sadd(queue.toKey('mq:ahead'), ...ids.map((id) => `later ${id}`));
    for (const id of ids) {
      later.hset(queue.toKey(id), { mqRun: 'later', mqUnknown: '1 1' });
      later.set(queue.toKey(`${id}:lock`), queue.lockToken);
    }
    await later.exec();
    const calls = run.mock.calls.map(([{ name }, , args]) => ({ name, args }));
    const found = new Set<string>();
    for (const { name, lua } of SCRIPTS) {
      const again = calls.filter((call) => call.name === name);
      expect([name, again.length]).not.toEqual([name, 0]);
      for (const { args } of again) await client.eval(lua, 1, queue.toKey(''), ...args);
      const { waiting, active, delayed, unknown, completed: ended } = await broker.snapshot(queue);
      if (waiting > 0) found.add('handed back');
      if (ended > 0) found.add('ended');
      if (delayed > 0) found.add('passed on');
      if (unknown < JOBS) found.add('known');
      if (waiting + active + ended + delayed !== JOBS) found.add('lost');
      const isHeld = await client.hexists(queue.toKey('suspect'), 'mqHeld');
      if (isHeld === 0 || (await client.scard(queue.toKey('mq:ahead'))) < JOBS) found.add('begun');
    }
    return [...found];
  }

  it('touches no later run', async () => {
    expect(await changes()).toEqual([]);
  });

  it.each([
    ['end or begin', completeJobsScript, ['begun', 'ended']],
    ['hand back', releaseJobsScript, ['handed back']],
    ['begin', beginSuspectScript, ['begun']],
    ['pass on', passOnScript, ['passed on']],
    ['say that it knows', endPassingOnScript, ['known']],
  ])('would %s it if runs were not told apart', async (_what, script, broken) => {
    (script as { lua: string }).lua = withOtherRedis(script.lua, EVERY_RUN);
    expect(await changes()).toEqual(expect.arrayContaining(broken));
  });
});
