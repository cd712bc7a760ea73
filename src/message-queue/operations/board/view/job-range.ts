import type { Job, JobStatus, Queue } from 'bull';

/** Which part of a queue's jobs to read; the range counts within each state. */
export interface JobRange {
  readonly states: readonly JobStatus[];
  readonly start: number;
  readonly size: number;
  /** Oldest first. */
  readonly ascending: boolean;
}

/** Reads jobs; null where a job is gone or its stored text is not JSON any more. */
export async function readJobRange(queue: Queue, range: JobRange): Promise<(Job | null)[]> {
  const { states, start, size, ascending } = range;
  try {
    return (await queue.getJobs([...states], start, start + size - 1, ascending)) as (Job | null)[];
  } catch (error) {
    // One corrupt job makes Bull reject the whole range: halve until it is alone.
    if (!(error instanceof Error) || error.name !== 'SyntaxError') throw error;
    if (size > 1) {
      const half = Math.floor(size / 2);
      const first = await readJobRange(queue, { ...range, size: half });
      return [...first, ...(await readJobRange(queue, { ...range, start: start + half, size: size - half }))];
    }
    if (states.length === 1) return [null];
    const each = states.map((state) => readJobRange(queue, { ...range, states: [state] }));
    return (await Promise.all(each)).flat();
  }
}
