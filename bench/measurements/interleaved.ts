import type { BenchContext, Sample } from '../measurement.js';
import type { BenchQueue, Subject } from '../subject.js';

/**
 * Round by round, each subject once on an empty server and with a fresh queue, so that what slows the machine down
 * for a while slows down all of them. The order turns by one every round.
 */
export async function interleaved(
  context: BenchContext,
  subjects: readonly Subject[],
  { what, concurrency }: { readonly what: string; readonly concurrency: number },
  measure: (queue: BenchQueue, subject: Subject) => Promise<number>,
): Promise<Sample[]> {
  const values = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < context.options.rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject = subjects[(round + turn) % subjects.length];
      if (subject === undefined) continue;
      context.progress(`${what} · round ${round + 1} of ${context.options.rounds} · ${subject.name}`);
      await context.flush();
      const queue = await subject.open(context.queueRequest(concurrency));
      try {
        values.get(subject.name)?.push(await measure(queue, subject));
      } finally {
        await queue.close();
      }
    }
  }
  return [...values].map(([subject, measured]) => ({ subject, values: measured }));
}

/** Jobs per second since `startedAt` (of `performance.now()`). */
export function perSecond(jobs: number, startedAt: number): number {
  return (jobs / (performance.now() - startedAt)) * 1000;
}
