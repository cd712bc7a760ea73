import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import { completed, failed } from '../broker/broker-bench.js';
import { grouped } from '../broker/hand-worker.js';
import type { FlowEnd, FlowJob } from './flow-model.js';
import type { FlowRun } from './flow-run.js';

const HOUR_MS = 3_600_000;
/** Every job is older than this. */
const ALL_MS = -2 * HOUR_MS;
const KEYS = ['a', 'b', 'c', null];
const TENANTS = ['A', 'B', 'C', null];
const LEVELS = [0, 0, 0, 1, 5, 9];
const DELAYS = ['none', 'none', 'none', 'none', 'none', 'none', 'soon', 'far'] as const;
const OPS = { at: 1, by: 'ops' };

const ENDS: readonly (readonly [weight: number, FlowEnd])[] = [
  [45, 'completed'],
  [12, 'retried'],
  [9, 'delayed'],
  [8, 'soon'],
  [14, 'dead'],
  [4, 'cancelled'],
  [8, 'handed-back'],
];

/** Chance, and what it chooses from. */
export class Dice {
  constructor(private readonly random: () => number) {}

  pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.random() * of.length)] as T;
  }

  weighted<T>(of: readonly (readonly [weight: number, T])[]): T {
    let left = this.random() * of.reduce((sum, [weight]) => sum + weight, 0);
    return (of.find(([weight]) => (left -= weight) < 0) ?? of.at(-1))?.[1] as T;
  }
}

/** One of the jobs of a list, and what is done to it. */
type JobStep = (run: FlowRun, job: FlowJob, dice: Dice) => Promise<void>;
/** @returns what was done; null when there was nothing to do it to */
export type Step = (run: FlowRun, dice: Dice) => Promise<string | null>;

function on(name: string, jobs: (run: FlowRun) => readonly FlowJob[], step: JobStep): Step {
  return async (run, dice) => {
    const all = jobs(run);
    if (all.length === 0) return null;
    const job = dice.pick(all);
    await step(run, job, dice);
    return `${name} ${job.id}`;
  };
}

function settlementOf(taken: TakenJob, how: FlowEnd, dice: Dice): Settlement {
  switch (how) {
    case 'completed':
      return completed();
    case 'retried':
      return failed(taken, 0);
    case 'delayed':
      return dice.pick([failed(taken, HOUR_MS), { kind: 'deferred', delayMs: HOUR_MS, reason: 'later' }]);
    case 'soon':
      return dice.pick([failed(taken, 3), { kind: 'deferred', delayMs: 3, reason: 'later' }]);
    case 'dead':
      return failed(taken);
    case 'cancelled':
      return failed(taken, null, 'no need', 'cancelled');
    case 'handed-back':
      return { kind: 'handed-back' };
  }
}

const add: Step = async (run, dice) => {
  const { model, stage, shape } = run;
  const keys = shape.slots === null ? [null] : KEYS;
  const tenants = shape.tenants === null ? [null] : TENANTS;
  const requests = Array.from({ length: dice.pick([1, 1, 2, 4]) }, () => {
    const [key, tenant, level] = [dice.pick(keys), dice.pick(tenants), dice.pick(LEVELS)];
    const delay = dice.pick(DELAYS);
    const jobId = `j${model.jobs.size + 1}`;
    model.add(jobId, key, tenant, level === 0 ? Infinity : level, delay);
    const options = grouped({
      jobId,
      ...(key !== null && { key }),
      ...(tenant !== null && { tenant }),
      ...(level > 0 && { priority: level }),
      ...(delay !== 'none' && { delay: delay === 'far' ? HOUR_MS : 3 }),
    });
    return { name: 'job', data: {}, options };
  });
  const outcomes = await stage.broker.addMany(stage.queue, requests);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(requests.map(() => 'added'));
  return `add ${requests.map(({ options }) => JSON.stringify(options)).join(' ')}`;
};

const addAgain = on(
  'add again',
  ({ model }) => model.inState('waiting', 'delayed', 'running', 'dead'),
  async ({ stage }, { id, key, tenant }) => {
    const options = grouped({
      jobId: id,
      ...(key !== null && { key }),
      ...(tenant !== null && { tenant }),
    });
    const outcome = await stage.broker.addOnce(stage.queue, { name: 'job', data: {}, options });
    expect(outcome).toMatchObject({ deduplicated: true });
  },
);

const end: Step = async (run, dice) => {
  if (run.running.length === 0) return null;
  const job = dice.pick(run.running);
  const how = dice.weighted(ENDS);
  const settlement = settlementOf(run.takenOf(job.id), how, dice);
  const settling = run.settle(job.id, settlement);
  run.model.end(job, how);
  await settling;
  return `end ${job.id} ${how}`;
};

const endGhost: Step = async (run, dice) => {
  if (run.ghosts.length === 0) return null;
  const ghost = dice.pick(run.ghosts);
  const how = dice.weighted(ENDS);
  await run.settleGhost(ghost, settlementOf(ghost.taken, how, dice));
  return `end lost run of ${String(ghost.taken.job.id)} ${how}`;
};

const promote = on(
  'promote',
  ({ model }) => model.inState('delayed'),
  async ({ model, stage }, job) => {
    model.due(job);
    await (await stage.queue.getJob(job.id))?.promote();
  },
);

const replay = on(
  'replay',
  ({ model }) => model.inState('dead'),
  async ({ model, stage }, job) => {
    model.replay(job);
    expect((await stage.broker.replay(stage.queue, [{ id: job.id }], OPS)).size).toBe(1);
  },
);

const retry = on(
  'retry',
  ({ model }) => model.inState('dead'),
  async ({ model, stage }, job) => {
    model.replay(job);
    await (await stage.queue.getJob(job.id))?.retry();
  },
);

const discard = on(
  'discard',
  ({ model }) => model.inState('dead'),
  async ({ model, stage }, job, dice) => {
    model.remove(job);
    if (dice.pick([true, false])) await stage.broker.discard(stage.queue, [{ id: job.id }]);
    else await (await stage.queue.getJob(job.id))?.remove();
  },
);

const cancel = on(
  'cancel',
  ({ model }) => model.inState('waiting', 'delayed'),
  async ({ model, stage }, job) => {
    model.cancel(job);
    expect(await stage.broker.cancel(stage.queue, job.id, 'no need')).toBe('removed');
  },
);

const remove = on(
  'remove',
  ({ model }) => model.inState('waiting', 'delayed'),
  async ({ model, stage }, job, dice) => {
    model.remove(job);
    const how = dice.pick(['job', 'pattern', 'erase']);
    if (how === 'job') await (await stage.queue.getJob(job.id))?.remove();
    else if (how === 'pattern') await stage.queue.removeJobs(job.id);
    else expect((await stage.broker.jobsOf(stage.queue).erase([job.id])).removed).toEqual([job.id]);
  },
);

const clean: Step = async ({ model, stage, shape }) => {
  // Which jobs are cleaned is not known before others start in their place: none can.
  if (!model.isPaused && model.busy < shape.handlers) return null;
  const cleaned = await stage.queue.clean(ALL_MS, model.isPaused ? 'paused' : 'wait', 1);
  const ids = cleaned as unknown as string[];
  for (const id of ids) {
    const job = model.jobs.get(id);
    if (job !== undefined) model.remove(job);
  }
  return `clean ${ids.join(' ')}`;
};

const pauseGroup: Step = async ({ model, stage, shape }, dice) => {
  const gate = dice.pick([
    ...(shape.slots === null ? [] : (['key'] as const)),
    ...(shape.tenants === null ? [] : (['tenant'] as const)),
  ]);
  const id = dice.pick(gate === 'key' ? ['a', 'b', 'c'] : ['A', 'B', 'C']);
  const name = `${gate === 'key' ? 'k' : 't'}:${id}`;
  const groups = stage.broker.groupsOf(stage.queue);
  if (model.paused.delete(name)) {
    expect(await groups.resume({ gate, id })).toBe(true);
    return `resume ${name}`;
  }
  model.pause(name);
  await groups.pause({ gate, id }, 'why');
  return `pause ${name}`;
};

const pauseQueue: Step = async ({ model, stage }) => {
  if (model.isPaused) return null;
  await stage.queue.pause();
  model.isPaused = true;
  return 'pause the queue';
};

const resumeQueue: Step = async ({ model, stage }) => {
  if (!model.isPaused) return null;
  model.isPaused = false;
  await stage.queue.resume();
  return 'resume the queue';
};

const crash: Step = async (run, dice) => {
  const { foreign, queue } = run.stage;
  const once = run.running.filter(({ crashes }) => crashes === 0);
  if (foreign === null || once.length === 0) return null;
  const job = dice.pick(once);
  job.crashes += 1;
  run.haunt(job.id);
  run.model.leave(job, 'handed-back');
  await foreign.crash(queue, job.id);
  return `crash ${job.id}`;
};

const interfere: Step = async (run, dice) => {
  const { foreign, queue } = run.stage;
  // Of one that waits, something is left until it would be its turn.
  const jobs = run.model.inState('delayed', 'dead', 'running').filter((job) => !run.model.holdsPlace(job));
  if (foreign === null || jobs.length === 0) return null;
  const job = dice.pick(jobs);
  if (job.state === 'running') run.haunt(job.id);
  run.model.remove(job);
  await foreign.remove(queue, job.id);
  await foreign.sweep(queue);
  return `delete ${job.id} by hand`;
};

const STEPS: readonly (readonly [weight: number, Step])[] = [
  [30, add],
  [45, end],
  [5, endGhost],
  [6, promote],
  [6, replay],
  [3, retry],
  [5, discard],
  [4, cancel],
  [4, remove],
  [2, clean],
  [6, pauseGroup],
  [2, pauseQueue],
  [30, resumeQueue],
  [2, addAgain],
  [5, crash],
];

/** Steps of a run in which nobody interferes, and of one in which somebody does. */
export const stepsOf = (isDisturbed: boolean): typeof STEPS =>
  isDisturbed ? [...STEPS, [6, interfere]] : STEPS;

/** Lets everything go on, and brings all jobs to their ends. */
export async function finish(run: FlowRun): Promise<void> {
  const { model, stage } = run;
  const { broker, queue } = stage;
  if (model.isPaused) {
    model.isPaused = false;
    await queue.resume();
  }
  for (const name of [...model.paused]) {
    model.paused.delete(name);
    await broker
      .groupsOf(queue)
      .resume({ gate: name.startsWith('k:') ? 'key' : 'tenant', id: name.slice(2) });
  }
  for (const ghost of [...run.ghosts]) await run.settleGhost(ghost, completed());
  for (;;) {
    await run.isQuiet();
    for (const job of model.inState('delayed')) {
      model.due(job);
      await (await queue.getJob(job.id))?.promote();
    }
    const dead = model.inState('dead');
    for (const job of dead) model.remove(job);
    await broker.discard(
      queue,
      dead.map(({ id }) => ({ id })),
    );
    for (const job of run.running) {
      const settling = run.settle(job.id, completed());
      model.end(job, 'completed');
      await settling;
    }
    if (model.inState('delayed', 'waiting', 'running', 'dead').length === 0) return;
  }
}
