import type { Queue } from 'bull';
import { announcement, batch, series } from '../support/activity-batches.js';
import { CliStage } from '../support/cli-stage.js';
import { BrokerFixture, failed, completed, testQueue, workOn } from '../support/redis-broker-fixture.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import type { OperatorEntry } from '../../src/message-queue/broker/activity-store.js';
import type { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';

interface Letters {
  readonly letters: readonly { readonly id: string; readonly error: string }[];
}

describe('the command line', () => {
  let redis: TestRedis;
  let fixture: BrokerFixture;
  let broker: RedisBroker;
  let queue: Queue;
  let cli: CliStage;

  beforeAll(async () => {
    redis = await TestRedis.start(['--appendonly', 'yes']);
  });
  afterAll(() => redis.stop());

  beforeEach(async () => {
    fixture = new BrokerFixture(redis);
    broker = fixture.broker();
    queue = broker.createQueue(testQueue('mail', { attempts: 1 }));
    cli = new CliStage({ REDIS_URL: redis.url, QUEUE_PREFIX: fixture.prefix });
    await broker.activity.flush(
      batch('a', 1, {
        heartbeat: { ...batch('a', 1).heartbeat, queues: { mail: [5, 2, 0] }, openBreakers: [] },
        series: [series({ added: 60, completed: 58, failed: 2 }, { queue: 'mail', job: 'job' })],
        announced: [
          { ...announcement('mail'), jobs: ['job', 'other'], attempts: 1 },
          { ...announcement('secret'), jobs: ['job'], isSealed: true },
        ],
      }),
    );
  });
  afterEach(() => fixture.close());

  const add = async (count: number, data: object = {}): Promise<void> => {
    const jobs = Array.from({ length: count }, (_, i) => ({
      name: 'job',
      data: { i, ...data },
      options: {},
    }));
    await broker.addMany(queue, jobs);
  };

  /** Jobs that have failed for good. */
  async function letters(count: number, message = 'connect ETIMEDOUT'): Promise<void> {
    await add(count, { user: { id: 42 } });
    const { worker } = await workOn(broker, queue, (taken) => failed(taken, null, message));
    await waitUntil(async () => (await broker.snapshot(queue)).failed === count, `${count} dead letters`);
    await worker.stopFetching();
  }

  const audit = async (): Promise<readonly OperatorEntry[]> =>
    (await cli.json<{ entries: OperatorEntry[] }>(['audit'])).entries;
  const deeds = async (): Promise<string[]> =>
    (await audit())
      .map(({ by, action, outcome, count, via }) => [via, by, action, outcome, count].join(' '))
      .reverse();
  const deadCount = async (): Promise<number> => (await broker.snapshot(queue)).failed;

  it('shows what waits, runs and fails, by names alone', async () => {
    await add(1_234);
    const { code, out } = await cli.run(['stats']);
    expect(code).toBe(0);
    expect(out).toMatch(/queue +waiting +oldest +active/);
    expect(out).toMatch(/mail +1 234 +\d+ s +0 +0 +0 +(9\.\d|1\d(\.\d)?) +3\.3 %.* 1 +2\/5\n/);
    expect(out).not.toContain('\u001B');
    const { queues } = await cli.json<{ queues: object[] }>(['stats', 'mail']);
    expect(queues).toMatchObject([
      { queue: 'mail', waiting: 1_234, workers: 1, slots: 5, busySlots: 2, failureRate: 1 / 30 },
    ]);
    expect((await cli.run(['stats'], '')).out).toContain('\u001B[2m');
    expect(await cli.run(['stats', 'mial'])).toMatchObject({
      ...{
        code: 1,
        out: '',
        err: expect.stringMatching(
          /^error: No app .*"mial".* Did you mean "mail"\? Known: mail, secret/,
        ) as string,
      },
    });
  });

  it('says whether jobs get done, with its exit code too', async () => {
    expect(await cli.run(['health'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^● healthy/) as string,
    });
    await queue.pause();
    const degraded = await cli.run(['health', 'mail']);
    expect(degraded).toMatchObject({
      code: 1,
      out: expect.stringMatching(/▲ mail\n {2}Queue "mail" is paused/) as string,
    });
    await queue.resume();
    await broker.activity.leave('a');
    await add(1);
    expect(await cli.run(['health'])).toMatchObject({
      code: 2,
      out: expect.stringContaining('no worker takes them') as string,
    });
    const away = await cli.run(['health', '--json', '--url', 'redis://127.0.0.1:1']);
    expect([away.code, JSON.parse(away.out)]).toMatchObject([
      2,
      { status: 'unhealthy', reasons: [{ code: 'BROKER_UNREACHABLE' }] },
    ]);
  });

  it('shows processes, history, alerts and the settings of the server', async () => {
    expect((await cli.run(['workers'])).out).toMatch(/node-7 +4711 +both +alive +1\.4\.0 .* mail 2\/5/);
    const { points } = await cli.json<{ points: { completed: number }[] }>([
      'history',
      'mail',
      '--hours',
      '1',
    ]);
    expect(points.reduce((sum, { completed: done }) => sum + done, 0)).toBe(58);
    expect((await cli.run(['history', 'mail', '--hours', '999'])).code).toBe(2);
    expect((await cli.run(['alerts'])).out).toBe('No alert fires.\n');
    expect(await cli.run(['check'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Redis 7\.\d.*\n● Nothing/) as string,
    });
    const admin = redis.client();
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const checked = await cli.run(['check']);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    admin.disconnect();
    expect(checked).toMatchObject({
      code: 2,
      out: expect.stringContaining('CONFIG SET maxmemory-policy noeviction') as string,
    });
    expect((await cli.run(['check', '--url', 'redis://127.0.0.1:1'])).code).toBe(2);
  });

  it('replays what was previewed, when somebody says yes', async () => {
    await letters(3);
    const args = ['dead-letters', 'replay', '--queue', 'mail', '--error', 'etimedout', '--by', 'ann'];
    const preview = await cli.run([...args, '--dry-run']);
    expect(preview).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^3 dead letters .*\n {2}3 × Error\n/) as string,
    });
    expect(await cli.run(args, 'n')).toMatchObject({
      code: 3,
      err: expect.stringContaining('Replay 3 dead letters? [y/N]') as string,
    });
    expect(await deadCount()).toBe(3);
    expect(await cli.run(args, 'y')).toMatchObject({
      code: 0,
      out: expect.stringContaining('3 dead letters replayed.') as string,
    });
    expect(await deadCount()).toBe(0);
    expect(await deeds()).toEqual([
      'cli ann replay refused 3',
      'cli ann replay begun ',
      'cli ann replay done 3',
    ]);
  });

  it('changes nothing in a script that expects fewer, or does not say yes', async () => {
    await letters(3);
    const args = ['dead-letters', 'discard', '--queue', 'mail', '--by', 'ci', '--reason', 'duplicates'];
    const refused = [[], ['--yes'], ['--yes', '--expect', '2']];
    for (const flags of refused) {
      const { code, err } = await cli.run([...args, ...flags]);
      expect([code, err]).toMatchObject([3, expect.stringMatching(/^error: Nothing was changed: /)]);
    }
    expect(await deadCount()).toBe(3);
    expect(
      await cli.run(['dead-letters', 'discard', '--queue', 'mail', '--yes', '--expect', '3']),
    ).toMatchObject({ code: 2 });
    expect(
      await cli.run(['dead-letters', 'discard', '--reason', 'x', '--yes', '--expect', '3']),
    ).toMatchObject({ code: 2 });
    expect(await cli.run([...args, '--yes', '--expect', '5', '--json'])).toMatchObject({ code: 0 });
    expect(await deadCount()).toBe(0);
    expect((await audit())[0]).toMatchObject({
      by: 'ci',
      action: 'discard',
      count: 3,
      reason: 'duplicates',
      outcome: 'done',
    });
  });

  it('says that there are no dead letters, and counts one as one', async () => {
    for (const read of ['list', 'groups']) {
      expect((await cli.run(['dead-letters', read])).out).toBe('There are no dead letters.\n');
    }
    await letters(1);
    const { out } = await cli.run(['dead-letters', 'replay', '--all', '--dry-run']);
    expect(out).toMatch(/^1 dead letter that failed until \S+ \S+ UTC matches\.\n/);
  });

  it('lists, groups, shows and exports dead letters, payloads only when asked for', async () => {
    await letters(3, '=cmd 17, "x"');
    const { letters: listed } = await cli.json<Letters>(['dead-letters', 'list', '--limit', '2']);
    expect(listed).toHaveLength(2);
    const [{ id } = { id: '' }] = listed;
    expect((await cli.run(['dead-letters', 'list', '--limit', '2'])).err).toMatch(
      /There are more: --cursor \S+/,
    );
    const { groups } = await cli.json<{ groups: { key: string; letters: number }[] }>([
      'dead-letters',
      'groups',
    ]);
    expect(groups).toMatchObject([{ letters: 3, queue: 'mail' }]);
    const inGroup = ['dead-letters', 'list', '--group', groups[0]?.key ?? ''];
    expect((await cli.json<Letters>(inGroup)).letters).toHaveLength(3);
    expect(
      (await cli.json<Letters>(['dead-letters', 'list', '--where', 'user.id = 42'])).letters,
    ).toHaveLength(3);
    expect(
      (await cli.json<Letters>(['dead-letters', 'list', '--from', '1h', '--error', 'nothing'])).letters,
    ).toEqual([]);
    expect((await cli.run(['dead-letters', 'list', '--queue', 'nope'])).code).toBe(2);
    const shown = await cli.run(['dead-letters', 'show', 'mail', id]);
    expect(shown.out).not.toContain('"user"');
    expect((await cli.run(['dead-letters', 'show', 'mail', id, '--payload'])).out).toContain('"user": {');
    const lines = (await cli.run(['dead-letters', 'export'])).out.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { queue: string }).queue)).toEqual([
      'mail',
      'mail',
      'mail',
    ]);
    expect(await cli.json<object[]>(['dead-letters', 'export'])).toMatchObject(
      lines.map((line) => JSON.parse(line) as object),
    );
    const csv = (await cli.run(['dead-letters', 'export', '--format', 'csv'])).out.trim().split('\n');
    expect([csv[0], csv.length]).toEqual(['queue,id,job,failedAt,attempts,error,text', 4]);
    expect(csv[1]).toContain(`"'=cmd 17, ""x"""`);
  });

  it('finds jobs', async () => {
    await add(3, { user: { id: 7 } });
    const { jobs, of } = await cli.json<{ jobs: { id: string }[]; of: number }>([
      'jobs',
      'find',
      'user.id = 7',
    ]);
    expect([jobs.length, of]).toEqual([3, 3]);
    const { out } = await cli.run(['jobs', 'find', '--id', jobs[0]?.id ?? '']);
    expect(out).toMatch(/mail .* waiting /);
    expect((await cli.run(['jobs', 'find', '--state', 'odd'])).code).toBe(2);
  });

  it('pauses, resumes and purges queues', async () => {
    await add(5);
    expect(await cli.run(['pause', 'mail'])).toMatchObject({ code: 3 });
    // Ctrl-C and Ctrl-D at the question.
    expect(await cli.run(['pause', 'mail'], '\u0003')).toMatchObject({ code: 130 });
    const left = await cli.run(['pause', 'mail'], '\u0004');
    expect(left).toMatchObject({ code: 3, err: expect.stringContaining('Nothing was changed.') as string });
    expect((await broker.snapshot(queue)).isPaused).toBe(false);
    expect(await cli.run(['pause', 'mail', '--yes', '--by', 'ann'])).toMatchObject({ code: 0 });
    expect((await broker.snapshot(queue)).isPaused).toBe(true);
    expect((await cli.run(['pause', 'mail', '--yes'])).out).toContain('paused already');
    expect(await cli.run(['resume', 'mail'], 'yes')).toMatchObject({ code: 0 });
    expect((await broker.snapshot(queue)).isPaused).toBe(false);
    expect(await cli.run(['purge', 'mail', '--yes', '--expect', '5'])).toMatchObject({ code: 2 });
    const args = ['purge', 'mail', '--reason', 'test', '--yes', '--by', 'ann', '--expect'];
    expect(await cli.run([...args, '4'])).toMatchObject({ code: 3 });
    expect((await broker.snapshot(queue)).waiting).toBe(5);
    expect(await cli.run([...args, '5'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('5 jobs removed') as string,
    });
    expect((await broker.snapshot(queue)).waiting).toBe(0);
    expect((await deeds()).slice(-3)).toEqual([
      'cli ann purge refused 5',
      'cli ann purge begun ',
      'cli ann purge done 5',
    ]);
  });

  it('adds a job that a worker runs, and none that it knows to be wrong', async () => {
    const { seen } = await workOn(broker, queue, () => completed());
    const enqueue = (...args: string[]) => cli.run(['enqueue', ...args]);
    const added = await enqueue('mail', 'job', '--json', '{"to":"ann"}', '--yes', '--priority', '8');
    expect(added).toMatchObject({ code: 0, out: expect.stringContaining('checked by the worker') as string });
    await waitUntil(() => seen.length === 1, 'the job to run');
    expect(seen[0]?.data).toEqual({ to: 'ann' });
    expect(await enqueue('mail', 'jop', '--json', '{}', '--yes')).toMatchObject({
      ...{ code: 1, err: expect.stringContaining('Did you mean "job"? It has: job, other.') as string },
    });
    expect((await enqueue('secret', 'job', '--json', '{}', '--yes')).err).toMatch(
      /are sealed with keys of the app/,
    );
    for (const wrong of [['--json', '{'], ['--json', '[]'], ['--json', '@/nowhere'], []]) {
      expect((await enqueue('mail', 'job', ...wrong, '--yes')).code).toBe(2);
    }
    expect((await enqueue('mail', 'job', '--json', '{}', '--priority', '11', '--yes')).code).toBe(2);
    expect((await enqueue('mail', 'job', '--json', '{}')).code).toBe(3);
    expect((await deeds()).at(-1)).toMatch(/^cli \S+ enqueue refused $/);
  });

  it('lists schedules and runs one now', async () => {
    await queue.add('job', { n: 1 }, { repeat: { cron: '0 3 * * *' }, jobId: 'nightly' });
    const { schedules } = await cli.json<{ schedules: { key: string }[] }>(['schedules', 'list']);
    expect(schedules).toMatchObject([{ queue: 'mail', job: 'job', state: 'planned', runs: 0 }]);
    expect((await cli.run(['schedules', 'list', 'mail'])).out).toContain('0 3 * * *');
    const { seen } = await workOn(broker, queue, () => completed());
    expect(await cli.run(['schedules', 'run', 'mail', schedules[0]?.key ?? '', '--yes'])).toMatchObject({
      code: 0,
    });
    await waitUntil(() => seen.length === 1, 'its job to run');
    expect((await cli.run(['schedules', 'run', 'mail', 'none', '--yes'])).code).toBe(1);
    expect((await cli.run(['schedules', 'run', 'mail', schedules[0]?.key ?? ''])).code).toBe(3);
    expect((await deeds()).at(-1)).toMatch(/^cli \S+ run-schedule refused $/);
  });

  it('is called in one right way', async () => {
    for (const args of [['bogus'], ['stats', '--nope'], ['history'], ['stats', '--watch', 'x']]) {
      expect(await cli.run(args)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/^error: /) as string,
      });
    }
    const commands = [
      'stats',
      'health',
      'workers',
      'history',
      'pause',
      'resume',
      'purge',
      'alerts',
      'audit',
      'check',
      'enqueue',
    ];
    const below = ['list', 'groups', 'show', 'replay', 'discard', 'export'].map((name) => [
      'dead-letters',
      name,
    ]);
    for (const args of [
      ...commands.map((name) => [name]),
      ...below,
      ['jobs', 'find'],
      ['schedules', 'run'],
    ]) {
      expect(await cli.run([...args, '--help'])).toMatchObject({
        code: 0,
        out: expect.stringContaining('Examples:\n  $ npx') as string,
      });
    }
    const empty = new CliStage({ REDIS_URL: redis.url, QUEUE_PREFIX: 'nobody' });
    expect(await empty.run(['dead-letters', 'discard', '--all', '--reason', 'x', '--yes'])).toMatchObject({
      ...{ code: 0, err: '', out: expect.stringMatching(/^0 dead letters /) as string },
    });
    const wrong = new CliStage({ REDIS_URL: 'http://x', REDIS_DB: 'z' });
    expect(await wrong.run(['stats'])).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('REDIS_URL') as string },
    });
  });
});
