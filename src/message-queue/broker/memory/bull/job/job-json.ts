import type { Job } from 'bull';

/** What Bull's `toJSON` and `toData` read of a job; its types leave out `delay` and `debounceId`. */
export type WrittenJob = Omit<Job<unknown>, 'progress' | 'returnvalue'> & {
  progress(): unknown;
  readonly delay: number;
  readonly returnvalue: unknown;
  readonly debounceId: string | undefined;
};

/** Equal to Bull: a job as its `toJSON` gives it; what is missing is null. */
export function jobToJson(job: WrittenJob): ReturnType<Job['toJSON']> {
  return {
    id: job.id,
    name: job.name,
    data: job.data || {},
    opts: { ...job.opts },
    progress: job.progress() as number,
    delay: job.delay,
    timestamp: job.timestamp,
    attemptsMade: job.attemptsMade,
    failedReason: job.failedReason,
    stacktrace: job.stacktrace,
    returnvalue: job.returnvalue || null,
    ...{ debounceId: job.debounceId || null },
    finishedOn: job.finishedOn || null,
    processedOn: job.processedOn || null,
  };
}

/** A job as Bull writes it to Redis: the structured fields as JSON text. */
export function jobToData(job: WrittenJob): Record<string, unknown> {
  const json: Record<string, unknown> = { ...jobToJson(job) };
  for (const field of ['data', 'opts', 'stacktrace', 'failedReason', 'returnvalue']) {
    json[field] = JSON.stringify(json[field]);
  }
  return json;
}
