import { inspect } from 'node:util';
import type { Job } from 'bull';
import type { JobPriority } from '../../jobs/job-priority.js';
import { fromBullPriority } from '../../jobs/job-priority.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import { mismatches } from './partial-match.js';
import type { Mismatch } from './partial-match.js';

/** Which job a test looks for. What is left out matches any. */
export interface ExpectedJob {
  /** A queue's name or definition. */
  readonly queue: string | QueueDefinition;
  /** Job name. */
  readonly job?: string;
  /** Part of the payload: more keys may be there. A Date matches its ISO text. */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** The delay it was added with, in milliseconds. */
  readonly delayMs?: number;
  /** 1 to 10, 10 first. */
  readonly priority?: JobPriority;
}

/** Where a job differs from what was expected; empty: it fits. */
export function mismatchesOf(expected: ExpectedJob, job: Job): Mismatch[] {
  const wanted = {
    job: expected.job,
    payload: expected.payload,
    delayMs: expected.delayMs,
    priority: expected.priority,
  };
  const actual = {
    job: job.name,
    payload: job.data as unknown,
    delayMs: job.opts.delay ?? 0,
    priority: fromBullPriority(job.opts.priority),
  };
  return Object.entries(wanted)
    .filter(([, value]) => value !== undefined)
    .flatMap(([key, value]) => mismatches(value, actual[key as keyof typeof actual], key));
}

/** What was expected and what there is, line by line, the best fit first. */
export function describeMisfit(headline: string, expected: ExpectedJob, jobs: readonly Job[]): string {
  const lines = [headline, '', '  expected', ...wantedLines(expected)];
  if (jobs.length === 0) return [...lines, '', '  Nothing was enqueued there.'].join('\n');
  const ranked = jobs
    .map((job) => ({ job, wrong: mismatchesOf(expected, job) }))
    .sort((a, b) => a.wrong.length - b.wrong.length)
    .slice(0, SHOWN_JOBS);
  lines.push('', `  enqueued (${jobs.length})`);
  for (const { job, wrong } of ranked) {
    lines.push(`    ${job.name}  ${String(job.id)}`);
    for (const { path, expected: want, actual } of wrong) {
      lines.push(`      - ${path}: ${show(want)}`, `      + ${path}: ${show(actual)}`);
    }
  }
  if (jobs.length > SHOWN_JOBS) lines.push(`    … and ${jobs.length - SHOWN_JOBS} more`);
  return lines.join('\n');
}

const SHOWN_JOBS = 5;

function wantedLines({ job, payload, delayMs, priority }: ExpectedJob): string[] {
  return Object.entries({ job, payload, delayMs, priority })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `    ${key}: ${show(value)}`);
}

function show(value: unknown): string {
  return inspect(value, { depth: 4, breakLength: 100, maxStringLength: 200 });
}
