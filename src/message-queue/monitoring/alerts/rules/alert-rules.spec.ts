import {
  AT,
  QUEUE,
  instance,
  minute,
  read,
  isWrong,
  silent,
} from '../../../../../test/support/alert-snapshots.js';
import type { Seen } from '../../../../../test/support/alert-snapshots.js';
import { ALERT_RULE_NAMES, ruleOf } from './alert-rules.js';
import type { AlertRuleName } from './alert-rules.js';
describe('the rules of alerts', () => {
  const cases: readonly (readonly [AlertRuleName, string, Seen, boolean | null])[] = [
    ['QueueDepthHigh', '1 000 wait', { counts: { waiting: 1_000 } }, false],
    [
      'QueueDepthHigh',
      'more wait, some because it is paused',
      { counts: { waiting: 1, paused: 1_000 } },
      true,
    ],
    ['QueueDepthHigh', 'its keys are of others', { counts: { wrongKeys: [{} as never] } }, null],
    ['DeadLettersHigh', '10 are there', { counts: { failed: 10 } }, false],
    ['DeadLettersHigh', '11 are there', { counts: { failed: 11 } }, true],
    [
      'DeadLettersHigh',
      '11 died, and retention took them',
      { minutes: [minute(0, { dead: 5 }), minute(4, { dead: 6 })] },
      true,
    ],
    ['BreakerOpen', 'none is open', {}, false],
    ['BreakerOpen', 'one is', { instances: [instance({ openBreakers: ['smtp'] })] }, true],
    [
      'BreakerOpen',
      'one was, of a process that is lost',
      { instances: [silent(60_000, { openBreakers: ['smtp'] })] },
      false,
    ],
    ['FailureRateHigh', '1 of 20 failed', { minutes: [minute(1, { completed: 19, failed: 1 })] }, false],
    ['FailureRateHigh', '2 of 20 failed', { minutes: [minute(1, { completed: 18, failed: 2 })] }, true],
    ['FailureRateHigh', '19 of 19 failed', { minutes: [minute(1, { failed: 19 })] }, false],
    [
      'FailureRateHigh',
      'those of another queue failed',
      { minutes: [minute(1, { failed: 50 }, 'other')] },
      false,
    ],
    ['RunTimeHigh', 'nothing ran', {}, false],
    [
      'RunTimeHigh',
      '15 s on average, half of the timeout',
      { minutes: [minute(2, { completed: 1, failed: 1, runMs: 30_000 })] },
      false,
    ],
    ['RunTimeHigh', 'more', { minutes: [minute(2, { completed: 2, runMs: 30_002 })] }, true],
    ['OldestJobWaits', 'none waits', {}, false],
    ['OldestJobWaits', 'for a minute', { counts: { oldestWaitingAt: AT - 60_000 } }, false],
    ['OldestJobWaits', 'for longer', { counts: { oldestWaitingAt: AT - 60_001 } }, true],
    ['OldestJobWaits', 'since a time to come', { counts: { oldestWaitingAt: AT + 5_000 } }, false],
    ['NoWorker', 'one lives', { counts: { waiting: 5 } }, false],
    ['NoWorker', 'nothing waits', { instances: [] }, false],
    ['NoWorker', 'nobody lives', { counts: { waiting: 1 }, instances: [] }, true],
    ['NoWorker', 'one that is lost', { counts: { waiting: 1 }, instances: [silent(16_000)] }, true],
    [
      'NoWorker',
      'one of other queues',
      { counts: { waiting: 1 }, instances: [instance({ queues: { other: [3, 0, 0] } })] },
      true,
    ],
    [
      'NoWorker',
      'one that only adds',
      { counts: { waiting: 1 }, instances: [instance({ queues: { [QUEUE.name]: [0, 0, 0] } })] },
      true,
    ],
    [
      'NoWorker',
      'nobody, and the queue is paused',
      { counts: { waiting: 1, isPaused: true }, instances: [] },
      false,
    ],
    ['WorkerLost', 'it has just flushed', {}, false],
    ['WorkerLost', 'it says nothing for 15 s', { instances: [silent(15_000)] }, false],
    ['WorkerLost', 'for longer', { instances: [silent(15_001)] }, true],
    [
      'WorkerLost',
      'for longer, and flushes once a minute',
      { instances: [silent(179_000, { flushMs: 60_000 })] },
      false,
    ],
    ['WorkerLost', 'a producer is gone', { instances: [silent(60_000, { queues: {} })] }, false],
    ['BrokerMemoryHigh', '80 %', { memory: 0.8 }, false],
    ['BrokerMemoryHigh', '81 %', { memory: 0.81 }, true],
    ['BrokerMemoryHigh', 'no limit', { memory: null }, false],
    ['BrokerMemoryHigh', 'no answer', { reachable: false }, null],
    ['ScheduleLate', 'nothing known', {}, null],
    ['ScheduleLate', 'two minutes', { lateMs: 120_000 }, false],
    ['ScheduleLate', 'more', { lateMs: 120_001 }, true],
    ['ActivityStale', 'just flushed', {}, false],
    ['ActivityStale', 'silent for 70 s', { instances: [silent(70_001)] }, true],
    [
      'ActivityStale',
      'silent for 70 s, where nobody works',
      { instances: [silent(70_001)], worksHere: false },
      false,
    ],
    [
      'ActivityStale',
      'silent, with a job that runs',
      { instances: [silent(70_001)], worksHere: false, counts: { active: 1 } },
      true,
    ],
    ['ActivityStale', 'forgotten', { instances: [] }, null],
    ['AddsRefused', 'one', { minutes: [minute(1, { refused: 1 })] }, false],
    [
      'AddsRefused',
      'some minutes ago',
      { minutes: [minute(3, { refused: 9 }), minute(4, { refused: 9 })] },
      false,
    ],
    [
      'AddsRefused',
      'now and a minute ago',
      { minutes: [minute(0, { refused: 1 }), minute(1, { refused: 1 })] },
      true,
    ],
    [
      'AddsRefused',
      'within two minutes, at the begin of a third',
      { minutes: [minute(1, { refused: 1 }), minute(2, { refused: 1 })] },
      true,
    ],
  ];

  it.each(cases)('%s: %s', (name, _what, seen, expected) => {
    expect(isWrong(name, seen)).toBe(expected);
  });

  it('are all tried above, but those that every process judges for itself', () => {
    const tried = new Set(cases.filter(([, , , expected]) => expected === true).map(([name]) => name));
    expect(ALERT_RULE_NAMES.filter((name) => !tried.has(name))).toEqual([
      'BrokerUnreachable',
      'EventsUnhealthy',
      'EventsDegraded',
    ]);
    expect(read('BrokerUnreachable', {})).toBeNull();
  });

  it('say what is wrong, with numbers', () => {
    expect(read('QueueDepthHigh', { counts: { waiting: 1_240, isPaused: true } })?.message).toBe(
      '1,240 jobs wait in "a|b {x} "ß"" (limit 1,000), and the queue is paused.',
    );
    const lost = ['b', 'a', 'c', 'd', 'e', 'f'].map((host) => silent(60_000, { host }));
    expect(read('WorkerLost', { instances: lost })?.message).toBe(
      '6 workers have vanished without a good-bye: b (4711), a (4711), c (4711), d (4711), e (4711) and 1 more.',
    );
    const open = [instance({ openBreakers: ['smtp', 'db'] }), instance({ openBreakers: ['smtp'] })];
    expect(read('BreakerOpen', { instances: open })).toEqual({
      value: 2,
      message: 'Circuit breakers of db, smtp are open.',
    });
    expect(read('FailureRateHigh', { minutes: [minute(1, { completed: 18, failed: 2 })] })?.message).toBe(
      '10 % of 20 attempts in "a|b {x} "ß"" failed within 5 minutes (limit 5 %).',
    );
  });

  it('say it of one as of many', () => {
    const of = '"a|b {x} "ß""';
    expect([
      read('NoWorker', { counts: { waiting: 1 }, instances: [] })?.message,
      read('NoWorker', { counts: { waiting: 2 }, instances: [] })?.message,
      read('QueueDepthHigh', { counts: { waiting: 1 } })?.message,
      read('DeadLettersHigh', { counts: { failed: 1 }, minutes: [minute(0, { dead: 12 })] })?.message,
      read('AddsRefused', { minutes: [minute(0, { refused: 1 }), minute(1, { refused: 1 })] })?.message,
      read('RunTimeHigh', { minutes: [minute(1, { completed: 2, runMs: 44_000 })] })?.message,
    ]).toEqual([
      `1 job waits in ${of}, and no process that works on it is alive.`,
      `2 jobs wait in ${of}, and no process that works on it is alive.`,
      `1 job waits in ${of} (limit 1,000).`,
      `${of} has 1 dead letter; 12 jobs died within 5 minutes (limit 10).`,
      `2 adds to ${of} were refused within two minutes.`,
      `Attempts in ${of} took 22 s on average over the last 5 minutes (limit 15 s).`,
    ]);
  });

  it('are known by their own names only', () => {
    expect([ruleOf('constructor'), ruleOf('Nonsense'), ruleOf('')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
