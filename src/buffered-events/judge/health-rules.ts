import type { BusReadings } from '../bus/bus-readings.js';
import type { EventBusSettings } from '../configuration/event-bus-settings.js';
import type { Alert, EventAlertCode } from './judge-words.js';
import { percentilesOf } from './log-histogram.js';
import { grown, perSecond } from './samples.js';
import type { Sample, Samples } from './samples.js';

/** Rates are over so many milliseconds. */
export const RATE_MS = 10_000;
/** What "within the last minute" is, milliseconds. */
export const MINUTE_MS = 60_000;

const MANY_RESTARTS = 3;
const HIGH_UTILIZATION = 0.8;
const HIGH_MEMORY = 0.9;
const HIGH_FAILURE_RATE = 0.1;

/** What is judged. */
export interface Evidence {
  readonly readings: BusReadings;
  readonly now: Sample;
  readonly samples: Samples;
  readonly settings: Pick<EventBusSettings, 'performance' | 'fallbackToSync'>;
}

/** What was found, before it is known since when. */
export type Finding = Omit<Alert, 'since'>;

/** Everything that is wrong, the worst first. */
export function findings(evidence: Evidence): readonly Finding[] {
  const { phase, enabled } = evidence.readings;
  if (phase !== 'running') return [notRunning(evidence.readings)];
  const rules = enabled ? [...THREAD_RULES, ...WORK_RULES] : WORK_RULES;
  const found = rules.map((rule) => rule(evidence)).filter((finding) => finding !== null);
  return found.toSorted((a, b) => Number(b.severity === 'unhealthy') - Number(a.severity === 'unhealthy'));
}

type Rule = (evidence: Evidence) => Finding | null;

/** Of the buffer and its threads. */
const THREAD_RULES: readonly Rule[] = [
  noThreads,
  full,
  threadsMissing,
  fallback,
  restarts,
  utilization,
  memory,
  latency,
  rateLow,
  stalled,
];
/** Of work, wherever it is done. */
const WORK_RULES: readonly Rule[] = [failures, deadLetters, mainThread];

function notRunning({ phase }: BusReadings): Finding {
  const isOver = phase === 'stopping' || phase === 'stopped';
  const message = isOver
    ? 'The bus is shut down: it takes no events any more. A bus does not start again; the app has to.'
    : 'The bus is not initialized: emits are refused. Wait for initialize(), or see in the log why it does not get ready.';
  return unhealthy('NOT_INITIALIZED', message, 0, 1);
}

function noThreads({ readings: { threads, fallback: isFallback }, settings }: Evidence): Finding | null {
  if (threads.wanted === 0 || threads.live > 0 || isFallback) return null;
  const why = settings.fallbackToSync ? '' : ' and fallbackToSync is off';
  return unhealthy(
    'NO_THREADS',
    `None of ${threads.wanted} worker threads is alive${why}: events wait. See in the log why threads die; they are started again.`,
    0,
    1,
  );
}

function full({ readings }: Evidence): Finding | null {
  if (!readings.full) return null;
  const reached = Math.max(readings.utilization, readings.memoryUsage);
  return unhealthy(
    'FULL',
    `The buffer is full with ${many(readings.size, 'event')}: emits are refused, or wait. Emit less, call scaleWorkers(), make handlers faster, or raise maxQueueSize and maxMemoryMB.`,
    rounded(reached),
    1,
  );
}

function threadsMissing({ readings: { threads } }: Evidence): Finding | null {
  if (threads.live >= threads.wanted) return null;
  return degraded(
    'THREADS_MISSING',
    `${threads.live} of ${many(threads.wanted, 'worker thread')} are alive; the others start, or died and start again. See in the log why.`,
    threads.live,
    threads.wanted,
  );
}

function fallback({ readings: { threads, fallback: isFallback } }: Evidence): Finding | null {
  if (threads.wanted === 0 || !isFallback) return null;
  return degraded(
    'FALLBACK',
    `Handlers run in the thread of the app: none of ${many(threads.wanted, 'worker thread')} is alive. See in the log why they die; they are started again.`,
    threads.live,
    threads.wanted,
  );
}

function restarts({ now, samples }: Evidence): Finding | null {
  const count = now.restarts - samples.before(now, MINUTE_MS).restarts;
  if (count < MANY_RESTARTS) return null;
  return degraded(
    'RESTARTS',
    `${count} worker threads were started again within a minute. See in the log what they die of: an error outside a handler, process.exit, too small a workerHeapMB, or a loop without end.`,
    count,
    MANY_RESTARTS,
  );
}

function utilization({ readings }: Evidence): Finding | null {
  if (readings.utilization <= HIGH_UTILIZATION) return null;
  return degraded(
    'UTILIZATION',
    `${percent(readings.utilization)} of maxQueueSize are taken. Call scaleWorkers(), make handlers faster, or raise maxQueueSize before emits are refused.`,
    rounded(readings.utilization),
    HIGH_UTILIZATION,
  );
}

function memory({ readings }: Evidence): Finding | null {
  if (readings.memoryUsage <= HIGH_MEMORY) return null;
  return degraded(
    'MEMORY',
    `${percent(readings.memoryUsage)} of the memory for events are taken. Emit smaller events, call scaleWorkers(), or raise maxMemoryMB before emits are refused.`,
    rounded(readings.memoryUsage),
    HIGH_MEMORY,
  );
}

function latency({ now, samples, settings }: Evidence): Finding | null {
  const limit = settings.performance.maxQueueLatency;
  if (limit === null) return null;
  const { p95 } = percentilesOf(grown(samples.before(now, MINUTE_MS).latencies, now.latencies));
  if (p95 <= limit) return null;
  return degraded(
    'LATENCY',
    `One event of twenty waited ${p95} ms or longer for its start within the last minute; maxQueueLatency is ${limit} ms. Call scaleWorkers(), or make handlers faster.`,
    p95,
    limit,
  );
}

function failures({ now, samples }: Evidence): Finding | null {
  const from = samples.before(now, MINUTE_MS);
  const failed = now.failed - from.failed;
  const runs = failed + now.done - from.done;
  const share = runs === 0 ? 0 : failed / runs;
  if (share <= HIGH_FAILURE_RATE) return null;
  return degraded(
    'FAILURES',
    `${failed} of ${many(runs, 'run')} within the last minute failed. See in the log, or in lastError of dead letters, what handlers throw.`,
    rounded(share),
    HIGH_FAILURE_RATE,
  );
}

function deadLetters({ readings, now, samples }: Evidence): Finding | null {
  const count = now.dead - samples.before(now, MINUTE_MS).dead;
  if (count === 0) return null;
  return degraded(
    'DEAD_LETTERS',
    `${many(count, 'event')} became ${count === 1 ? 'a dead letter' : 'dead letters'} within the last minute; ${readings.deadLetters.kept} are kept. Look at them with getDeadLetterQueue(), mend the cause, then replay or discard them.`,
    count,
    0,
  );
}

function mainThread({ now, samples, settings }: Evidence): Finding | null {
  const limit = settings.performance.maxMainThreadImpact;
  if (limit === null) return null;
  const share = mainThreadShare(now, samples);
  if (share <= limit) return null;
  return degraded(
    'MAIN_THREAD',
    `The bus takes ${share} % of a core in the thread of the app; maxMainThreadImpact is ${limit} %. Emit less often, or move handlers from there to worker threads.`,
    share,
    limit,
  );
}

function rateLow({ readings, now, samples, settings }: Evidence): Finding | null {
  const target = settings.performance.targetProcessingRate;
  if (target === null || !samples.waitedFor(now, RATE_MS)) return null;
  const rate = perSecond(samples.before(now, RATE_MS), now, ({ done }) => done);
  if (rate >= target) return null;
  return degraded(
    'RATE_LOW',
    `${rate} events per second are handled while ${many(readings.size, 'event')} wait; targetProcessingRate is ${target}. Call scaleWorkers(), or make handlers faster.`,
    rate,
    target,
  );
}

function stalled({ now, samples }: Evidence): Finding | null {
  const count = now.stalls - samples.before(now, MINUTE_MS).stalls;
  if (count === 0) return null;
  return degraded(
    'STALLED',
    `Events were ready and a thread idle for a second, ${count === 1 ? 'once' : `${count} times`} within the last minute: every thread was woken, nothing is lost. This must never occur: please report it.`,
    count,
    0,
  );
}

/** Percent of a core that the bus took in the thread of the app over the last seconds. */
export function mainThreadShare(now: Sample, samples: Samples): number {
  return rounded(perSecond(samples.before(now, RATE_MS), now, ({ busyMs }) => busyMs) / 10);
}

function unhealthy(code: EventAlertCode, message: string, value: number, limit: number): Finding {
  return { code, severity: 'unhealthy', message, value, limit };
}

function degraded(code: EventAlertCode, message: string, value: number, limit: number): Finding {
  return { code, severity: 'degraded', message, value, limit };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function many(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}
