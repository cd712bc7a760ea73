import { unheard } from '../../../../../test/support/unheard-connections.js';
import { BrokerFixture, failed, testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { TestRedis } from '../../../../../test/support/redis-server.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import type { Settlement } from '../../../jobs/settlement.js';
import type { TakenJob } from '../../../jobs/taken-job.js';
import { CrashSuspects } from './crash-suspects.js';
import { JobIntake } from './job-intake.js';
import { JobPipe } from './job-pipe.js';
import { QueueCommands } from './queue-commands.js';
import { RedisConnections } from '../connections/redis-connections.js';
import { RedisTakenJob } from '../bull/redis-taken-job.js';
import type { TakenEntry } from '../bull/taken-entry.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { RedisScripts } from '../connections/redis-scripts.js';
import type { LuaScript } from '../scripts/lua-script.js';

const LOCK_MS = 5_000;

/** Redis executes at once what is stored; its answers are seen only when the test lets them through. */
class LateAnswers extends QueueCommands {
  arrive: () => void = () => undefined;
  private readonly held = new Promise<void>((resolve) => (this.arrive = resolve));

  override async runUntilAnswered(script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    const answer = await super.runUntilAnswered(script, args);
    await this.held;
    return answer;
  }
}

async function pass(pipe: JobPipe, entry: TakenEntry): Promise<void> {
  const accepted = pipe.accept(entry);
  await (accepted instanceof RedisTakenJob ? pipe.run(accepted, () => undefined) : accepted);
}

describe('JobPipe', () => {
  let redis: TestRedis;
  let fixture: BrokerFixture;
  let connections: RedisConnections;

  beforeEach(async () => {
    redis = await TestRedis.start();
    fixture = new BrokerFixture(redis);
    const topology = { kind: 'single', host: '127.0.0.1', port: redis.port } as const;
    connections = new RedisConnections({ topology, db: 0, tls: false }, 5_000, unheard);
  });
  afterEach(async () => {
    await connections.close();
    await fixture.close();
    await redis.stop();
  });

  it('runs a job once that two answers bring: that of the call that took it, and the search for lost answers', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    const commands = new QueueCommands(queue, new RedisScripts(connections), () => undefined);
    const intake = new JobIntake(commands, LOCK_MS, () => Date.now());
    let runs = 0;
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const pipe = new JobPipe({
      ...{ commands, intake, yieldJobs: () => Promise.resolve(), runBatch: () => Promise.resolve([]) },
      run: async () => {
        runs += 1;
        await ended;
        return { kind: 'handed-back' };
      },
      now: () => Date.now(),
      completions: { complete: () => Promise.reject(new Error('Nothing completes here.')) },
      report: (problem) => void fixture.problems.push(problem),
      suspects: new CrashSuspects(),
    });
    await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    intake.noteLostAnswer();
    // Sent one after the other before an answer is seen, as after a reconnect.
    const [[[taken]], [[found]]] = await Promise.all([intake.take(1), intake.adopt(1, pipe.active)]);
    expect(found?.id).toBe(taken?.id);
    const entries = [found, taken].filter((entry) => entry !== undefined);
    const passes = entries.map((entry) => pass(pipe, entry));
    expect(runs).toBe(1);
    end();
    await Promise.all(passes);
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 1, active: 0 });
  });

  it('keeps a run that began before the answer to the failure of the run before it was seen', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    const commands = new LateAnswers(queue, new RedisScripts(connections), () => undefined);
    const intake = new JobIntake(commands, LOCK_MS, () => Date.now());
    const runs: TakenJob[] = [];
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const run = async (taken: TakenJob): Promise<Settlement> => {
      runs.push(taken);
      if (runs.length === 1) return failed(taken, 0);
      await ended;
      return { kind: 'handed-back' };
    };
    const pipe = new JobPipe({
      ...{ commands, intake, run, yieldJobs: () => Promise.resolve(), runBatch: () => Promise.resolve([]) },
      now: () => Date.now(),
      completions: { complete: () => Promise.reject(new Error('Nothing completes here.')) },
      report: (problem) => void fixture.problems.push(problem),
      suspects: new CrashSuspects(),
    });
    const begin = async (): Promise<void> => {
      const [[entry]] = await intake.take(1);
      if (entry === undefined) throw new Error('There was no job to take.');
      return pass(pipe, entry);
    };
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    const first = begin();
    await waitUntil(
      async () => (await broker.snapshot(queue)).waiting === 1 && runs.length === 1,
      'the retry to wait',
    );
    const second = begin();
    await waitUntil(() => runs.length === 2, 'the retry to start');
    commands.arrive();
    await first;
    expect(runs[1]).toBeDefined();
    expect(pipe.active.get(id)).toBe(runs[1]);
    end();
    await second;
    expect(pipe.active.size).toBe(0);
    expect(fixture.problems).toEqual([]);
  });
});
