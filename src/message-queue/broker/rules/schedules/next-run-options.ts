import type { ManagedJobOptions } from '../../../jobs/managed-job.js';

/** The options of a schedule's next run, from those of the run before: what happened to that one is its own business. */
export function nextRunOptions<Options extends ManagedJobOptions>(options: Options): Options {
  const { mq } = options;
  if (mq === undefined) return options;
  const { failures: _failures, replays: _replays, cancelled: _cancelled, ...record } = mq;
  return { ...options, mq: record };
}
