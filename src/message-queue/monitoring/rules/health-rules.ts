import type { QueueSnapshot, UnknownJobs } from '../../broker/broker.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import { FIRST_VERSION } from '../../jobs/queue-definition.js';
import type { BreakerStatus } from '../../ports/circuit-breakers.js';
import type { ProcessSight } from '../activity/process-watch.js';
import type { QueueStats } from '../queue-stats.js';
import type { HealthThresholds } from '../health-thresholds.js';
import { parkedKey } from './flow-rules.js';
import { degraded, percent, unhealthy, worstFirst } from '../health-reasons.js';
import type { HealthReason } from '../queue-health.js';

/** What the rules look at. */
export interface HealthEvidence {
  readonly definition: QueueDefinition;
  readonly snapshot: QueueSnapshot;
  /** Jobs that no worker so far knows. */
  readonly unknown: UnknownJobs;
  /** Of all processes. */
  readonly recent: Pick<QueueStats, 'attempts' | 'failureRate'>;
  /** Of this one. */
  readonly sight: ProcessSight;
  readonly elsewhere: SeenElsewhere;
  /** Of this process. */
  readonly breakers: readonly BreakerStatus[];
  readonly now: number;
  /** Jobs wait and no worker anywhere takes them. */
  readonly isIdle: boolean;
  /** Ports of the queue that memory serves because nobody plugged them in. */
  readonly unplugged: readonly string[];
}

/** What other processes that live say of a queue. */
export interface SeenElsewhere {
  /** Stuck handlers, by process, in words. */
  readonly stuck: readonly { readonly process: string; readonly handlers: number }[];
  /** Dependencies whose open breaker makes jobs of the queue wait. */
  readonly blockedBy: readonly string[];
}

/** How long health speaks of dead letters that were dropped, milliseconds. */
const DROPPED_LATELY_MS = 60 * 60 * 1000;

type Rule = (evidence: HealthEvidence, thresholds: HealthThresholds) => HealthReason | null;

const QUEUE_RULES: readonly Rule[] = [
  wrongKeys,
  noProgress,
  stuckHandlers,
  failureRate,
  paused,
  standingStill,
  unknownJobs,
  waitsLong,
  nearLimit,
  breakerOpen,
  deadLetters,
  droppedLetters,
  forgottenKeys,
  unpluggedPorts,
  hostCodeFailed,
];

/** What is wrong with one queue, the worst first. */
export function queueReasons(evidence: HealthEvidence, thresholds: HealthThresholds): HealthReason[] {
  return worstFirst(
    QUEUE_RULES.map((rule) => rule(evidence, thresholds)).filter((reason) => reason !== null),
  );
}

function wrongKeys({ definition, snapshot }: HealthEvidence): HealthReason | null {
  const [first] = snapshot.wrongKeys;
  if (first === undefined) return null;
  const held = snapshot.wrongKeys.map(
    ({ key, holds, belongs }) => `"${key}" holds a ${holds}, not a ${belongs}`,
  );
  return unhealthy(
    'WRONG_KEY_TYPE',
    `"${definition.name}" cannot work: in Redis ${held.join(', ')}. Find out what wrote it, then move it away (RENAME ${first.key} ${first.key}:odd): the queue goes on by itself. The other queues work.`,
  );
}

function noProgress({ definition, snapshot, isIdle }: HealthEvidence): HealthReason | null {
  if (!isIdle) return null;
  return unhealthy(
    'NO_PROGRESS',
    `${snapshot.waiting} jobs of "${definition.name}" wait and no worker takes them. Start a process with role worker or both, and check that its connections to the broker work.`,
  );
}

function stuckHandlers({ definition, sight, elsewhere }: HealthEvidence): HealthReason | null {
  const others = elsewhere.stuck.map(({ process, handlers }) => `${handlers} in ${process}`);
  const count = elsewhere.stuck.reduce((sum, { handlers }) => sum + handlers, sight.stuck.length);
  if (count === 0) return null;
  const shown = [...sight.stuck.slice(0, 3), ...others.slice(0, 3)].join(', ');
  return unhealthy(
    'STUCK_HANDLER',
    `${count} handler(s) of "${definition.name}" are still running although their signal was aborted: ${shown}. Pass context.signal to what they wait for; restart the process to free their slots.`,
  );
}

function failureRate(
  { definition, recent: { attempts, failureRate: rate } }: HealthEvidence,
  thresholds: HealthThresholds,
): HealthReason | null {
  if (rate === null || attempts < thresholds.minAttempts) return null;
  if (rate < thresholds.degradedFailureRate) return null;
  const make = rate >= thresholds.unhealthyFailureRate ? unhealthy : degraded;
  return make(
    'FAILURE_RATE',
    `${percent(rate)} of the last ${attempts} attempts of "${definition.name}" failed. DeadLetterService.stats({ queue: '${definition.name}' }) and the log say why.`,
  );
}

function paused({ definition, snapshot }: HealthEvidence): HealthReason | null {
  if (!snapshot.isPaused) return null;
  return degraded(
    'PAUSED',
    `Queue "${definition.name}" is paused; ${snapshot.paused} jobs wait. resumeQueue('${definition.name}') resumes it.`,
  );
}

function standingStill({ definition, snapshot, now }: HealthEvidence): HealthReason | null {
  return parkedKey(definition.name, snapshot, now);
}

function unknownJobs({ definition, unknown }: HealthEvidence): HealthReason | null {
  const { count, kinds } = unknown;
  if (count === 0) return null;
  const shown = kinds.slice(0, 5).map((kind) => {
    const version = kind.version === FIRST_VERSION ? '' : ` version ${kind.version}`;
    return `${kind.count} ${shownName(kind.job)}${version} since ${new Date(kind.since).toISOString()}`;
  });
  const list = shown.length === 0 ? '' : ` (${shown.join(', ')}${kinds.length > shown.length ? ', …' : ''})`;
  const hours = Math.round(definition.waitForVersionMs / 360_000) / 10;
  return degraded(
    'UNKNOWN_JOBS',
    `${count} job(s) of "${definition.name}" wait for another version of the app${list}: no worker that met them knows their names or the versions of their payloads. Deploy the version that added them, or cancel them; after ${hours} h they become dead letters.`,
  );
}

function waitsLong(
  { definition, snapshot, now, isIdle }: HealthEvidence,
  { maxWaitMs }: HealthThresholds,
): HealthReason | null {
  const waitMs = snapshot.oldestWaitingAt === null ? 0 : now - snapshot.oldestWaitingAt;
  if (snapshot.isPaused || isIdle || waitMs <= maxWaitMs) return null;
  return degraded(
    'JOBS_WAIT_LONG',
    `The oldest waiting job of "${definition.name}" was added ${Math.round(waitMs / 1000)} s ago. Raise the queue's concurrency (now ${definition.concurrency} per process) or add workers.`,
  );
}

function nearLimit({ definition, snapshot }: HealthEvidence): HealthReason | null {
  const waiting = snapshot.waiting + snapshot.delayed + snapshot.paused;
  if (waiting < 0.8 * definition.maxWaiting) return null;
  return degraded(
    'BACKLOG_NEAR_LIMIT',
    `${waiting} jobs of "${definition.name}" wait; at ${definition.maxWaiting} adds are refused. Add workers or raise maxWaiting.`,
  );
}

function breakerOpen({ definition, sight, elsewhere, breakers }: HealthEvidence): HealthReason | null {
  const open = breakers.filter(
    ({ dependency, state }) => state !== 'CLOSED' && sight.blockedBy.includes(dependency),
  );
  const known = open.map(({ dependency }) => dependency);
  const others = elsewhere.blockedBy.filter((dependency) => !known.includes(dependency));
  if (open.length + others.length === 0) return null;
  const names = [
    ...open.map(({ dependency, lastError }) => `${dependency} (${lastError ?? 'unknown'})`),
    ...others.map((dependency) => `${dependency} (in other processes, whose logs say why)`),
  ].join(', ');
  return degraded(
    'BREAKER_OPEN',
    `Jobs of "${definition.name}" wait for ${names}. Repair what it names${settingsHint(open)}; the jobs have spent no attempts and go on by themselves once it answers.`,
  );
}

/** Of a service that refuses us, whatever we send. */
function settingsHint(open: HealthEvidence['breakers']): string {
  const refusing = open.filter(({ lastError }) => lastError?.includes('CHANNEL_SETTINGS') === true);
  if (refusing.length === 0) return '';
  const names = refusing.map(({ dependency }) => `"${dependency}"`).join(', ');
  return ` (the service of ${names} refuses our settings: look at the password, key, sender and account that its channel was given)`;
}

function deadLetters(
  { definition, snapshot }: HealthEvidence,
  thresholds: HealthThresholds,
): HealthReason | null {
  if (snapshot.failed <= thresholds.maxDeadLetters) return null;
  return degraded(
    'DEAD_LETTERS',
    `"${definition.name}" has ${snapshot.failed} dead letters. Look at them on the board or with DeadLetterService.stats(), then replay or discard them.`,
  );
}

function droppedLetters({ definition, snapshot, now }: HealthEvidence): HealthReason | null {
  const { failedDropped, failedDroppedAt } = snapshot;
  if (failedDroppedAt === null || now - failedDroppedAt > DROPPED_LATELY_MS) return null;
  const { failedCount, failedBytes } = definition.retention;
  return degraded(
    'DEAD_LETTERS_DROPPED',
    `"${definition.name}" drops its oldest dead letters, ${failedDropped} so far: it keeps at most ${failedCount} of them and ${failedBytes} bytes. Repair what fails (DeadLetterService.stats() says what), or raise retention.failedCount and retention.failedBytes.`,
  );
}

function forgottenKeys({ definition, snapshot, now }: HealthEvidence): HealthReason | null {
  const { keysForgotten, keysForgottenAt } = snapshot;
  if (keysForgottenAt === null || now - keysForgottenAt > DROPPED_LATELY_MS) return null;
  return degraded(
    'KEYS_FORGOTTEN',
    `"${definition.name}" forgets idempotency keys before their ttl, ${keysForgotten} so far: it remembers ${definition.maxIdempotencyKeys} of them. An add that is repeated with such a key adds its job again. Give keys a shorter ttl, or raise maxIdempotencyKeys.`,
  );
}

function unpluggedPorts({ definition, unplugged }: HealthEvidence): HealthReason | null {
  const [first] = unplugged;
  if (first === undefined) return null;
  return degraded(
    'UNPLUGGED_PORT',
    `Jobs of "${definition.name}" only seem done: nobody plugged in ${unplugged.join(', ')}, so memory serves them until this process ends. Plug in adapters (adapters: [{ provide: ${first}, useClass: … }]), or accept it: acceptInMemory: [${first}, …].`,
  );
}

function hostCodeFailed({ definition, sight }: HealthEvidence): HealthReason | null {
  const { recent } = sight.hostFailures;
  if (recent.length === 0) return null;
  return degraded(
    'HOST_CODE_FAILED',
    `The app's own code around jobs of "${definition.name}" failed within the last 5 minutes: ${recent.slice(0, 3).join(', ')}. No job is affected; the log has the errors.`,
  );
}

function shownName(job: string): string {
  return JSON.stringify(job.slice(0, 64));
}
