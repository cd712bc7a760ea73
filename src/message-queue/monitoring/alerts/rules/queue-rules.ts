import { isAlive } from '../../activity/recent-activity.js';
import {
  countOf,
  recordOf,
  shownCount,
  shownMany,
  shownShare,
  shownTime,
  worksOn,
} from '../alert-figures.js';
import type { AlertReading, AlertRule, AlertSnapshot } from '../alert-rule.js';
import type { QueueSnapshot } from '../../../broker/broker.js';

const MINUTE_MS = 60_000;
/** Attempts below which a share says nothing. */
const FEWEST_ATTEMPTS = 20;

/** Where something else stands under keys of the queue, its counts say nothing. */
function countsOf({ look }: AlertSnapshot, queue: string): QueueSnapshot | null {
  const counts = look.counts.get(queue);
  return counts === undefined || counts.wrongKeys.length > 0 ? null : counts;
}

function reading(value: number, message: string): AlertReading {
  return { value, message };
}

export const QUEUE_DEPTH_HIGH: AlertRule = {
  about: 'queue',
  unit: 'jobs',
  defaults: { severity: 'warning', above: 1_000, forMs: 5 * MINUTE_MS },
  action: 'Add workers or slots, or find what slows the handlers down.',
  read: (snapshot, queue, above) => {
    const counts = countsOf(snapshot, queue);
    if (counts === null) return null;
    const waiting = counts.waiting + counts.paused;
    const why = counts.isPaused ? ', and the queue is paused' : '';
    return reading(
      waiting,
      `${shownMany(waiting, 'job')} ${waiting === 1 ? 'waits' : 'wait'} in "${queue}" (limit ${shownCount(above)})${why}.`,
    );
  },
};

export const OLDEST_JOB_WAITS: AlertRule = {
  about: 'queue',
  unit: 'milliseconds',
  defaults: { severity: 'warning', above: MINUTE_MS, forMs: 2 * MINUTE_MS },
  action: 'See whether workers of the queue live, have slots free, and whether it is paused.',
  read: (snapshot, queue, above) => {
    const counts = countsOf(snapshot, queue);
    if (counts === null) return null;
    const { oldestWaitingAt } = counts;
    const waitMs = oldestWaitingAt === null ? 0 : Math.max(0, snapshot.look.at - oldestWaitingAt);
    const why = counts.isPaused ? ', and the queue is paused' : '';
    return reading(
      waitMs,
      `The oldest job in "${queue}" has waited for ${shownTime(waitMs)} (limit ${shownTime(above)})${why}.`,
    );
  },
};

export const DEAD_LETTERS_HIGH: AlertRule = {
  about: 'queue',
  unit: 'jobs',
  defaults: { severity: 'warning', above: 10, forMs: 0 },
  action: 'Group them by error, mend what they failed for, then replay them.',
  read: (snapshot, queue, above) => {
    const counts = countsOf(snapshot, queue);
    if (counts === null) return null;
    const died = countOf(recordOf(snapshot.look, queue), 'dead');
    return reading(
      Math.max(counts.failed, died),
      `"${queue}" has ${shownMany(counts.failed, 'dead letter')}; ${shownMany(died, 'job')} died within 5 minutes (limit ${shownCount(above)}).`,
    );
  },
};

export const FAILURE_RATE_HIGH: AlertRule = {
  about: 'queue',
  unit: 'a share of attempts from 0 to 1',
  defaults: { severity: 'warning', above: 0.05, forMs: 0 },
  action: 'Look at the errors of the last minutes: one error is a dependency, many are a deploy.',
  read: (snapshot, queue, above) => {
    const record = recordOf(snapshot.look, queue);
    const failed = countOf(record, 'failed');
    const attempts = failed + countOf(record, 'completed');
    const share = attempts < FEWEST_ATTEMPTS ? 0 : failed / attempts;
    return reading(
      share,
      `${shownShare(share)} of ${shownMany(attempts, 'attempt')} in "${queue}" failed within 5 minutes (limit ${shownShare(above)}).`,
    );
  },
};

export const RUN_TIME_HIGH: AlertRule = {
  about: 'queue',
  unit: 'milliseconds',
  defaults: { severity: 'warning', above: 10_000, forMs: 0 },
  action: 'Find the slow dependency: compare the run times of its jobs, and look for open breakers.',
  aboveFor: ({ timeoutMs }, above) => Math.max(above, timeoutMs / 2),
  read: (snapshot, queue, above) => {
    const record = recordOf(snapshot.look, queue);
    const attempts = countOf(record, 'completed') + countOf(record, 'failed');
    const mean = attempts === 0 ? 0 : countOf(record, 'runMs') / attempts;
    return reading(
      mean,
      `Attempts in "${queue}" took ${shownTime(mean)} on average over the last 5 minutes (limit ${shownTime(above)}).`,
    );
  },
};

export const NO_WORKER: AlertRule = {
  about: 'queue',
  unit: 'jobs',
  defaults: { severity: 'critical', above: 0, forMs: 30_000 },
  action: 'Start a process with role "worker" or "both" that registers the queue, or see why it ended.',
  read: (snapshot, queue) => {
    const counts = countsOf(snapshot, queue);
    if (counts === null) return null;
    const { at, instances } = snapshot.look;
    const isServed = instances.some((instance) => worksOn(instance, queue) && isAlive(instance, at));
    const waiting = counts.isPaused || isServed ? 0 : counts.waiting;
    const verb = waiting === 1 ? 'waits' : 'wait';
    return reading(
      waiting,
      `${shownMany(waiting, 'job')} ${verb} in "${queue}", and no process that works on it is alive.`,
    );
  },
};

export const SCHEDULE_LATE: AlertRule = {
  about: 'queue',
  unit: 'milliseconds',
  defaults: { severity: 'warning', above: 2 * MINUTE_MS, forMs: 0 },
  action: 'See whether a worker of the queue lives and has slots free, and whether the schedule is dead.',
  read: ({ lateSchedules }, queue) => {
    const late = lateSchedules.get(queue);
    if (late === undefined) return null;
    return reading(
      late.lateMs,
      `The run of schedule "${late.key}" in "${queue}" was due ${shownTime(late.lateMs)} ago and has not begun.`,
    );
  },
};

export const ADDS_REFUSED: AlertRule = {
  about: 'queue',
  unit: 'adds within two minutes',
  defaults: { severity: 'warning', above: 0, forMs: MINUTE_MS },
  action: 'See why: the queue is full, the payloads are wrong, or the broker is away.',
  read: ({ look }, queue) => {
    const refused = refusedRunning(look, queue);
    const verb = refused === 1 ? 'was' : 'were';
    return reading(refused, `${shownMany(refused, 'add')} to "${queue}" ${verb} refused within two minutes.`);
  },
};

/** Adds refused within two minutes running, the last one of them among the two newest; 0 where one of the two had none: that was an accident. */
function refusedRunning(look: AlertSnapshot['look'], queue: string): number {
  const current = Math.floor(look.at / MINUTE_MS) * MINUTE_MS;
  const [now, last, before] = [0, 1, 2].map((ago) => {
    const minutes = look.minutes.filter(
      ({ queue: name, minute }) => name === queue && minute === current - ago * MINUTE_MS,
    );
    return minutes.reduce((sum, { record }) => sum + countOf(record, 'refused'), 0);
  }) as [number, number, number];
  if (last === 0) return 0;
  return now > 0 ? now + last : before > 0 ? last + before : 0;
}
