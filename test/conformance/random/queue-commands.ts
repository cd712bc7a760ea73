import * as fc from 'fast-check';
import type { Job, JobOptions } from 'bull';
import type { AddOptions, ModelState, QueueModel } from './queue-model.js';
import { expectation, observe } from './queue-under-test.js';
import type { QueueUnderTest } from './queue-under-test.js';

type Command = fc.AsyncCommand<QueueModel, QueueUnderTest>;

/** Base of all delays: far off, so that no job becomes due by itself while a sequence runs. */
const HOUR_MS = 3_600_000;
/** Every job is older than this grace period. */
const ALL_MS = -HOUR_MS;

/** Which jobs a sequence adds. On plain Bull LIFO and priorities are not mixed: docs/providers.md says why. */
export interface Dialect {
  readonly order: 'lifo' | 'priority' | 'mixed';
  /** Whether jobs without an id get one that their provider makes up itself, as no counter does. */
  readonly namesJobs?: boolean;
  /**
   * Whether jobs that finish within a millisecond keep their order. On Redis they do not, and what `clean` with a limit
   * or a number of jobs to keep leaves behind depends on it.
   */
  readonly exactFinishOrder: boolean;
  readonly canAdvance: boolean;
}

/** A step: what it does to both, and that both look the same afterwards. */
function command(
  name: string,
  check: (model: QueueModel) => boolean,
  run: (model: QueueModel, subject: QueueUnderTest) => Promise<void>,
): Command {
  return {
    check,
    run: async (model, subject) => {
      await run(model, subject);
      subject.steps += 1;
      expect(await observe(subject)).toEqual(expectation(model, subject.exactFinishOrder));
    },
    toString: () => name,
  };
}

/** One of a list, chosen by a number that shrinks. */
function pick(ids: readonly string[], choice: number): string {
  return ids[choice % ids.length] ?? '';
}

async function stored({ queue }: QueueUnderTest, id: string): Promise<Job> {
  const job = await queue.getJob(id);
  if (job === null) throw new Error(`Job ${id} is not there.`);
  return job;
}

function add(options: AddOptions, distinct: number, namesJobs: boolean): Command {
  // Delays that differ: Redis promises no order among jobs due in the same millisecond.
  const delayMs = options.delayMs === 0 ? 0 : options.delayMs * HOUR_MS + distinct;
  const backoffMs = options.backoffMs === 0 ? 0 : options.backoffMs * HOUR_MS + distinct + 7;
  const jobId = options.jobId ?? (namesJobs ? `j-${distinct}` : null);
  const full = { ...options, jobId, delayMs, backoffMs };
  return command(
    `add(${JSON.stringify(full)})`,
    () => true,
    async (model, { queue }) => {
      const { priority, lifo, attempts, removeOnComplete } = full;
      const given: JobOptions = { attempts, removeOnComplete, delay: delayMs, backoff: backoffMs };
      if (jobId !== null) given.jobId = jobId;
      if (priority > 0) given.priority = priority;
      if (lifo) given.lifo = true;
      const job = await queue.add({ n: distinct }, given);
      expect(job.id).toBe(model.add(full));
    },
  );
}

function take(): Command {
  return command(
    'take()',
    (model) => !model.paused && model.waiting.length > 0,
    async (model, { queue, taken }) => {
      const expected = model.take();
      const job = await queue.getNextJob();
      expect(job?.id).toBe(expected.id);
      taken.set(expected.id, job as Job);
    },
  );
}

function onActive(
  name: string,
  choice: number,
  run: (model: QueueModel, job: Job, id: string) => Promise<void>,
): Command {
  return command(
    `${name}(active ${choice})`,
    (model) => model.active.length > 0,
    async (model, { taken }) => {
      const id = pick(model.active, choice);
      const job = taken.get(id) as Job;
      taken.delete(id);
      await run(model, job, id);
    },
  );
}

function on(
  state: ModelState,
  name: string,
  choice: number,
  run: (model: QueueModel, job: Job) => Promise<void>,
): Command {
  return command(
    `${name}(${state} ${choice})`,
    (model) => model.inState(state).length > 0,
    async (model, subject) => run(model, await stored(subject, pick(model.inState(state), choice))),
  );
}

function clean(state: 'completed' | 'failed' | 'delayed' | 'waiting', limit: number): Command {
  return command(
    `clean(${state}, ${limit})`,
    () => true,
    async (model, { queue }) => {
      const type = state === 'waiting' ? (model.paused ? 'paused' : 'wait') : state;
      const removed = (await queue.clean(ALL_MS, type, limit)) as unknown as string[];
      expect([...removed].sort()).toEqual(model.clean(state, limit).sort());
    },
  );
}

function setPaused(paused: boolean): Command {
  return command(
    paused ? 'pause()' : 'resume()',
    () => true,
    async (model, { queue }) => {
      model.paused = paused;
      await (paused ? queue.pause() : queue.resume());
    },
  );
}

function removeAny(state: ModelState, choice: number): Command {
  return on(state, 'remove', choice, async (model, job) => {
    model.remove(String(job.id));
    await job.remove();
  });
}

/** The commands of a dialect, for fast-check to choose from. */
export function commandsOf({
  order,
  exactFinishOrder,
  canAdvance,
  namesJobs = false,
}: Dialect): fc.Arbitrary<Command>[] {
  const choice = fc.nat({ max: 50 });
  const options = fc.record({
    jobId: fc.oneof(
      { weight: 4, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom('x', 'y', 'z') },
    ),
    priority: order !== 'lifo' ? fc.nat({ max: 4 }) : fc.constant(0),
    lifo: order !== 'priority' ? fc.boolean() : fc.constant(false),
    delayMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 5 }) }),
    attempts: fc.integer({ min: 1, max: 3 }),
    backoffMs: fc.nat({ max: 2 }),
    removeOnComplete: fc.constantFrom<(boolean | number)[]>(
      false,
      false,
      true,
      0,
      ...(exactFinishOrder ? [2] : []),
    ),
  });
  const states = fc.constantFrom<ModelState[]>('waiting', 'delayed', 'completed', 'failed');
  const cleanable = fc.constantFrom<('completed' | 'failed' | 'delayed' | 'waiting')[]>(
    ...(['completed', 'failed', 'delayed', 'waiting'] as const),
  );
  const limit = exactFinishOrder ? fc.nat({ max: 3 }) : fc.constant(0);
  const adding = fc
    .tuple(options, fc.integer({ min: 1, max: HOUR_MS - 10 }))
    .map(([one, spread]) => add(one, spread, namesJobs));
  const arbitraries: fc.Arbitrary<Command>[] = [
    adding,
    adding,
    fc.constant(take()),
    fc.constant(take()),
    choice.map((n) =>
      onActive('complete', n, async (model, job, id) => {
        model.complete(id, `done ${id}`);
        await job.moveToCompleted(`done ${id}`, false, true);
      }),
    ),
    choice.map((n) =>
      onActive('fail', n, async (model, job, id) => {
        model.fail(id, `failed ${id}`);
        await job.moveToFailed({ message: `failed ${id}` });
      }),
    ),
    fc.constantFrom(setPaused(true), setPaused(false), setPaused(false)),
    choice.map((n) =>
      on('delayed', 'promote', n, async (model, job) => {
        model.promote(String(job.id));
        await job.promote();
      }),
    ),
    choice.map((n) =>
      on('failed', 'retry', n, async (model, job) => {
        model.retry(String(job.id));
        await job.retry();
      }),
    ),
    fc.tuple(states, choice).map(([state, n]) => removeAny(state, n)),
    fc.tuple(cleanable, limit).map(([state, most]) => clean(state, most)),
  ];
  if (canAdvance) {
    arbitraries.push(
      fc.integer({ min: 1, max: 3 * HOUR_MS }).map((ms) =>
        command(
          `advance(${ms} ms)`,
          () => true,
          async (model, subject) => {
            model.advance(ms);
            await subject.advance?.(ms);
          },
        ),
      ),
    );
  }
  return arbitraries;
}
