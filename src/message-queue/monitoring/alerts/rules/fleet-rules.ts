import { isAlive } from '../../activity/recent-activity.js';
import { shownMany, shownShare, shownTime, worksOn } from '../alert-figures.js';
import type { AlertRule } from '../alert-rule.js';

const MINUTE_MS = 60_000;
/** Names that a message lists. */
const MOST_NAMED = 5;

export const BREAKER_OPEN: AlertRule = {
  about: 'fleet',
  unit: 'dependencies',
  defaults: { severity: 'critical', above: 0, forMs: MINUTE_MS },
  action: 'Mend the dependency: its jobs wait without spending attempts, and go on by themselves.',
  read: ({ look: { at, instances } }) => {
    const open = instances.filter((one) => isAlive(one, at)).flatMap(({ openBreakers }) => openBreakers);
    const names = [...new Set(open)].toSorted();
    return {
      value: names.length,
      message: `${names.length === 1 ? 'The circuit breaker' : 'Circuit breakers'} of ${listed(names)} ${names.length === 1 ? 'is' : 'are'} open.`,
    };
  },
};

export const WORKER_LOST: AlertRule = {
  about: 'fleet',
  unit: 'processes',
  defaults: { severity: 'warning', above: 0, forMs: 0 },
  action: 'See why it ended: its jobs are run again by others; look for one that kills its worker.',
  read: ({ look: { at, instances } }) => {
    const lost = instances.filter((one) => worksOn(one) && !isAlive(one, at));
    const names = lost.map(({ host, pid }) => `${host} (${pid})`);
    const verb = lost.length === 1 ? 'has' : 'have';
    return {
      value: lost.length,
      message: `${shownMany(lost.length, 'worker')} ${verb} vanished without a good-bye: ${listed(names)}.`,
    };
  },
};

export const ACTIVITY_STALE: AlertRule = {
  about: 'fleet',
  unit: 'milliseconds',
  defaults: { severity: 'warning', above: MINUTE_MS, forMs: 0 },
  action:
    'Look in the logs of the workers for why they cannot write what they count: figures and alerts are out of date.',
  read: ({ look: { at, instances, counts }, worksHere }) => {
    const isWorking = worksHere || [...counts.values()].some(({ active }) => active > 0);
    // Nobody has flushed yet, or all that had are forgotten by now: it stays as it is.
    if (isWorking && instances.length === 0) return null;
    const newest = Math.max(...instances.map(({ seenAt }) => seenAt), 0);
    const slowest = Math.max(...instances.map(({ flushMs }) => flushMs), 0);
    // One that was told to flush seldom is not late.
    const silentMs = isWorking ? Math.max(0, at - newest - 2 * slowest) : 0;
    return {
      value: silentMs,
      message: `No process has written what it counted for ${shownTime(silentMs)}, although workers are alive.`,
    };
  },
};

export const BROKER_MEMORY_HIGH: AlertRule = {
  about: 'fleet',
  unit: 'a share of the memory from 0 to 1',
  defaults: { severity: 'critical', above: 0.8, forMs: 0 },
  action:
    'Raise the limit, let workers catch up, or keep finished jobs for a shorter time: adds are refused from 85 %.',
  read: ({ server: { reachable, memoryUsedRatio, provider } }, _queue, above) => {
    if (!reachable) return null;
    const share = memoryUsedRatio ?? 0;
    return {
      value: share,
      message: `${shownShare(share)} of the memory for jobs is used (${provider}, limit ${shownShare(above)}).`,
    };
  },
};

/** Judged by each process for itself, by how long its broker has not answered: nobody else could be asked. */
export const BROKER_UNREACHABLE: AlertRule = {
  about: 'process',
  unit: 'milliseconds',
  defaults: { severity: 'critical', above: 15_000, forMs: 0 },
  action:
    'See whether the broker runs and can be reached from here; jobs are safe, adds are refused or wait.',
  read: () => null,
};

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}
