import type { JobEvents } from '../../message-queue/index.js';

/** What happened to one job, in words that fit through a process boundary. */
export type JobReport = { readonly queue: string; readonly jobId: string; readonly at: number } & (
  | { readonly kind: 'added' | 'started' | 'deadLettered' | 'shredded' }
  | { readonly kind: 'succeeded'; readonly durationMs: number }
  /** `spent`: an attempt had failed. */
  | { readonly kind: 'retrying'; readonly delayMs: number; readonly spent: boolean }
);

/** Reports what happens to the jobs that this process adds or runs. */
export function reportJobs(events: JobEvents, report: (what: JobReport) => void): void {
  events.on('enqueued', (event) => report({ kind: 'added', ...placeOf(event) }));
  events.on('active', (event) => report({ kind: 'started', ...placeOf(event) }));
  events.on('completed', (event) =>
    report({ kind: 'succeeded', ...placeOf(event), durationMs: event.durationMs }),
  );
  events.on('retrying', (event) =>
    report({ kind: 'retrying', ...placeOf(event), delayMs: event.delayMs, spent: event.spent }),
  );
  events.on('shredded', (event) => report({ kind: 'shredded', ...placeOf(event) }));
  events.on('deadLettered', (event) => report({ kind: 'deadLettered', ...placeOf(event) }));
}

function placeOf({ queue, jobId }: { readonly queue: string; readonly jobId: string }) {
  // Milliseconds since the epoch with fractions: the clock that two processes of one machine share.
  return { queue, jobId, at: performance.timeOrigin + performance.now() };
}
