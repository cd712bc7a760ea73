import { chatMessage } from '../chat-message.js';
import type { BenchContext, Measurement, ResultRow } from '../measurement.js';
import type { BenchQueue, Subject } from '../subject.js';
import { drain, fill } from './drain.measurement.js';
import { heapAfterCollection } from './heap.js';
import { perSecond } from './interleaved.js';

const MOVED = 20_000;

/** Runs about `jobs` of the waiting jobs, then stops. @returns jobs per second */
async function workOff(queue: BenchQueue, jobs: number): Promise<number> {
  let handled = 0;
  let report: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (report = resolve));
  const startedAt = performance.now();
  const stop = await queue.work(() => {
    handled += 1;
    if (handled === jobs) report();
  });
  await finished;
  const jobsPerSecond = perSecond(handled, startedAt);
  await stop();
  return jobsPerSecond;
}

async function addSingly(queue: BenchQueue, jobs: number): Promise<number> {
  const startedAt = performance.now();
  for (let n = 0; n < jobs; n++) await queue.add(chatMessage(n), 'default');
  return perSecond(jobs, startedAt);
}

async function atBacklog(
  context: BenchContext,
  subject: Subject,
  backlog: number,
): Promise<[number, number]> {
  const queue = await subject.open(context.queueRequest());
  try {
    await fill(queue, backlog);
    const jobs = context.jobs(MOVED);
    const added = await addSingly(queue, jobs);
    return [added, await workOff(queue, jobs)];
  } finally {
    await queue.close();
  }
}

/** Whether the memory provider is as fast with a million jobs waiting as with none. */
const flatness: Measurement = {
  id: 'memory-provider-backlog',
  async run(context, subjects) {
    const rows: ResultRow[] = [];
    for (const backlog of [0, 10_000, 100_000, 1_000_000].map((size) =>
      Math.round(size * context.options.scale),
    )) {
      const adds: ResultRow['samples'][number][] = [];
      const drains: ResultRow['samples'][number][] = [];
      for (const subject of subjects.filter(({ inProcess }) => inProcess)) {
        const measured: [number, number][] = [];
        for (let round = 0; round < context.options.rounds; round++) {
          context.progress(`${subject.name} with ${backlog} waiting · round ${round + 1}`);
          measured.push(await atBacklog(context, subject, backlog));
        }
        adds.push({ subject: subject.name, values: measured.map(([added]) => added) });
        drains.push({ subject: subject.name, values: measured.map(([, drained]) => drained) });
      }
      const waiting = `${backlog.toLocaleString('en')} waiting`;
      rows.push({ title: `in memory: add with ${waiting}`, unit: 'jobs/s', samples: adds });
      rows.push({ title: `in memory: work off with ${waiting}`, unit: 'jobs/s', samples: drains });
    }
    return rows;
  },
};

interface MillionResult {
  readonly added: number;
  readonly bytesPerJob: number;
  readonly drained: number;
}

async function addThenDrain(context: BenchContext, subject: Subject, jobs: number): Promise<MillionResult> {
  context.progress(`${subject.name}: ${jobs} adds, then a drain`);
  const before = heapAfterCollection();
  const queue = await subject.open(context.queueRequest());
  try {
    const added = await addSingly(queue, jobs);
    const bytesPerJob = (heapAfterCollection() - before) / jobs;
    return { added, bytesPerJob, drained: await drain(queue, jobs) };
  } finally {
    await queue.close();
  }
}

/** A million adds, then a drain, in one process. */
const million: Measurement = {
  id: 'memory-provider-million',
  async run(context, subjects) {
    const jobs = context.jobs(1_000_000);
    const results = new Map<string, MillionResult>();
    for (const subject of subjects.filter(({ inProcess }) => inProcess)) {
      results.set(subject.name, await addThenDrain(context, subject, jobs));
    }
    const row = (
      title: string,
      unit: ResultRow['unit'],
      value: (result: MillionResult) => number,
    ): ResultRow => ({
      title: `in memory: ${jobs.toLocaleString('en')} ${title}`,
      unit,
      samples: [...results].map(([subject, result]) => ({ subject, values: [value(result)] })),
    });
    return [
      row('adds, one by one', 'jobs/s', ({ added }) => added),
      row('waiting, memory per job', 'bytes', ({ bytesPerJob }) => bytesPerJob),
      row('drained, concurrency 10', 'jobs/s', ({ drained }) => drained),
    ];
  },
};

/** What only a provider in this process's memory is asked. */
export const memoryProviderMeasurements: readonly Measurement[] = [flatness, million];
