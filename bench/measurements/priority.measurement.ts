import { chatMessage, chatMessages } from '../chat-message.js';
import type { BenchContext, Measurement, ResultRow } from '../measurement.js';
import { median } from '../statistics.js';
import type { BenchQueue, Subject } from '../subject.js';

const BULK = 1_000;
const ADDS = 20;

interface Contestant {
  readonly subject: Subject;
  readonly queue: BenchQueue;
}

/** Median microseconds of one most-important add. */
async function addCost(queue: BenchQueue): Promise<number> {
  const costs: number[] = [];
  for (let n = 0; n < ADDS; n++) {
    const startedAt = performance.now();
    await queue.add(chatMessage(n), 'most-important');
    costs.push((performance.now() - startedAt) * 1000);
  }
  return median(costs);
}

async function grow(
  { queue, subject }: Contestant,
  from: number,
  to: number,
  context: BenchContext,
): Promise<void> {
  for (let n = from; n < to; n += BULK) {
    context.progress(`${subject.name}: ${n} of ${to} less important jobs wait`);
    await queue.addBulk(chatMessages(n, Math.min(BULK, to - n)), 'least-important');
  }
}

async function measureAt(
  contestants: readonly Contestant[],
  backlog: number,
  rounds: number,
): Promise<ResultRow> {
  const values = new Map<string, number[]>(contestants.map(({ subject }) => [subject.name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { subject, queue } of contestants) values.get(subject.name)?.push(await addCost(queue));
  }
  return {
    title: `most important add, ${backlog.toLocaleString('en')} less important waiting`,
    unit: 'µs',
    samples: [...values].map(([subject, measured]) => ({ subject, values: measured })),
  };
}

function priorityAt(id: string, backlogs: readonly number[], slow: boolean): Measurement {
  return {
    id,
    slow,
    async run(context, subjects) {
      await context.flush();
      const contestants: Contestant[] = [];
      for (const subject of subjects) {
        contestants.push({ subject, queue: await subject.open(context.queueRequest()) });
      }
      try {
        const rows: ResultRow[] = [];
        let waiting = 0;
        for (const backlog of backlogs.map((size) => Math.round(size * context.options.scale))) {
          for (const contestant of contestants) await grow(contestant, waiting, backlog, context);
          waiting = backlog;
          rows.push(await measureAt(contestants, backlog, context.options.rounds));
        }
        return rows;
      } finally {
        for (const { queue } of contestants) await queue.close();
      }
    },
  };
}

/** What an urgent job costs its producer when many less important ones wait. */
export const priorityMeasurements: readonly Measurement[] = [
  priorityAt('priority', [0, 10_000, 100_000], false),
  priorityAt('priority-million', [1_000_000], true),
];
