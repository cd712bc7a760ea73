import type { AlertStatus } from '../../../src/message-queue/monitoring/alerts/alert-status.js';
import type {
  Durations,
  HistoryPoint,
} from '../../../src/message-queue/monitoring/activity/queue-history.js';
import type { WorkerStatus } from '../../../src/message-queue/monitoring/activity/worker-status.js';
import type {
  DeadLetterGroup,
  Json,
  Overview,
  QueueRow,
} from '../../../src/message-queue/operations/rest/answers.js';
import type { ScheduleStatus } from '../../../src/message-queue/schedules/schedule-status.js';
import { randomFrom } from '../random-from.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** When the made-up evening is: 14:26:08. */
export const NOW = Date.UTC(2026, 10, 28, 14, 26, 8);

export const at = (agoMs: number): string => new Date(NOW - agoMs).toISOString();

/** Durations around a 95th percentile. */
export function durations(p95: number | null): Durations {
  if (p95 === null) return { avg: null, p50: null, p95: null, p99: null };
  return { avg: p95 * 0.4, p50: p95 * 0.3, p95, p99: p95 * 3.1 };
}

const random = randomFrom(7);

/** Minutes of a busy evening: an incident half an hour ago, and a backlog that grows since. */
export function historyOf(hours: number, perMinute: number, stepMinutes = 1): HistoryPoint[] {
  const count = (hours * 60) / stepMinutes;
  const first = NOW - (NOW % MINUTE) - (count - 1) * stepMinutes * MINUTE;
  return Array.from({ length: count }, (_, index) => {
    const left = (count - 1 - index) * stepMinutes;
    const isIncident = left > 28 && left < 58;
    const all = perMinute * stepMinutes * (0.86 + 0.14 * Math.sin(left / 57) + 0.08 * (random() - 0.5));
    const failed = Math.round(all * (0.002 + 0.003 * random() + (isIncident ? 0.06 : 0)));
    const wait = 60 + 25 * Math.sin(left / 40) + 30 * random() + (left < 42 ? (42 - left) * 34 : 0);
    const run = 260 + 30 * Math.sin(left / 70) + 50 * random() + (isIncident ? 420 + 120 * random() : 0);
    return {
      ...{
        at: first + index * stepMinutes * MINUTE,
        added: Math.round(all),
        completed: Math.round(all) - failed,
      },
      ...{ failed, retried: failed, deferred: 0, dead: 0, timedOut: 0, refused: 0 },
      ...{ waitMs: durations(perMinute === 0 ? null : wait), runMs: durations(perMinute === 0 ? null : run) },
    };
  });
}

/** A queue in which nothing happens, and what is given of it. */
export function queueRow(queue: string, description: string, given: Partial<QueueRow> = {}): QueueRow {
  const perMinute = given.perMinute ?? 0;
  const phase = random() * 6;
  const pace = 4 + random() * 9;
  const wave = (index: number): number => 1 + 0.28 * Math.sin(index / pace + phase) + 0.25 * (random() - 0.5);
  return {
    ...{ queue, description, isBuiltIn: false, status: 'healthy', reasons: [], isPaused: false },
    ...{
      waiting: 0,
      delayed: 0,
      active: 0,
      held: 0,
      dead: 0,
      oldestWaitingMs: null,
      slots: 60,
      busySlots: 0,
    },
    ...{ workers: 6, perMinute: 0, failureRate: null, waitMs: durations(null), runMs: durations(null) },
    trend: Array.from({ length: 40 }, (_, index) => Math.max(0, Math.round(perMinute * wave(index)))),
    ...given,
  };
}

const late = {
  severity: 'degraded',
  code: 'JOBS_WAIT_LONG',
  message: 'The oldest job has waited for 42 s.',
} as const;
const failing = {
  severity: 'unhealthy',
  code: 'FAILURE_RATE',
  message: '7.4 % of the attempts of the last 5 minutes failed.',
} as const;
const paused = { severity: 'degraded', code: 'PAUSED', message: 'It is paused: resume it.' } as const;

/** The queues of the design's picture. */
const BUSY_QUEUES: readonly QueueRow[] = [
  queueRow('message-delivery', 'Delivers messages and notes how far they came', {
    ...{
      isBuiltIn: true,
      status: 'degraded',
      reasons: [late],
      waiting: 1214,
      oldestWaitingMs: 42_000,
      delayed: 86,
    },
    ...{ active: 58, busySlots: 58, slots: 60, perMinute: 9840, failureRate: 0.006, dead: 4 },
    ...{ waitMs: durations(1420), runMs: durations(212) },
  }),
  queueRow('message-notification', 'Push, e-mail, SMS and in-app notifications', {
    ...{
      isBuiltIn: true,
      status: 'unhealthy',
      reasons: [failing],
      waiting: 38,
      oldestWaitingMs: 3_000,
      delayed: 412,
    },
    ...{ active: 61, busySlots: 61, slots: 90, perMinute: 3120, failureRate: 0.074, dead: 31, held: 12 },
    ...{ waitMs: durations(84), runMs: durations(1310) },
  }),
  queueRow('message-indexing', 'Keeps the search index up to date', {
    ...{
      isBuiltIn: true,
      waiting: 12,
      oldestWaitingMs: 1_200,
      active: 7,
      busySlots: 7,
      slots: 18,
      perMinute: 1180,
    },
    ...{ failureRate: 0.001, waitMs: durations(41), runMs: durations(96) },
  }),
  queueRow('message-encryption', 'Encrypts and decrypts message content', {
    ...{
      isBuiltIn: true,
      waiting: 3,
      oldestWaitingMs: 40,
      active: 4,
      busySlots: 4,
      slots: 30,
      perMinute: 642,
    },
    ...{ failureRate: 0, waitMs: durations(12), runMs: durations(18) },
  }),
  queueRow('batch-message-sending', 'Sends one message to many, in chunks', {
    ...{
      isBuiltIn: true,
      waiting: 2,
      oldestWaitingMs: 9_000,
      delayed: 1,
      active: 5,
      busySlots: 5,
      slots: 12,
    },
    ...{ perMinute: 14, failureRate: 0, dead: 1, waitMs: durations(2100), runMs: durations(38_400) },
  }),
  queueRow('message-cleanup', 'Removes what has passed its retention', {
    ...{
      isBuiltIn: true,
      status: 'degraded',
      reasons: [paused],
      isPaused: true,
      waiting: 6,
      oldestWaitingMs: 12 * MINUTE,
      slots: 6,
    },
  }),
  queueRow('chat_messages', 'User chat messages that wait for an answer', {
    ...{
      waiting: 9,
      oldestWaitingMs: 1_000,
      active: 6,
      busySlots: 6,
      perMinute: 410,
      failureRate: 0.002,
      dead: 1,
    },
    ...{ waitMs: durations(35), runMs: durations(120) },
  }),
  queueRow('agent_responses', 'Replies of agents, ready to send', {
    ...{ waiting: 4, oldestWaitingMs: 300, active: 3, busySlots: 3, perMinute: 398, failureRate: 0 },
    ...{ waitMs: durations(20), runMs: durations(44) },
  }),
  ...[
    'proactive_actions',
    'stream_chunks',
    'status_updates',
    'validation_requests',
    'goal_seeking_updates',
    'conversation_events',
  ].map((name) => queueRow(name, 'Of the chat')),
];

const RUNBOOK = 'https://example.org/runbook';

export const ALERTS: readonly Json<AlertStatus>[] = [
  {
    ...{ id: 'FailureRateHigh|message-notification', rule: 'FailureRateHigh', queue: 'message-notification' },
    ...{ severity: 'critical', state: 'firing', value: 0.074, limit: 0.05, since: at(54 * MINUTE) },
    message: '7.4 % of attempts failed in the last 5 min (limit 5 %).',
    action:
      '27 of 31 dead letters say smtp.example.net:587 refused the connection. Breaker “smtp” is open: jobs wait without spending attempts.',
    ...{
      runbook: `${RUNBOOK}#failureratehigh`,
      firedAt: at(54 * MINUTE),
      sentAt: at(54 * MINUTE),
      sentTo: ['webhook', 'e-mail'],
      mutedUntil: null,
      mutedBy: null,
    },
  },
  {
    ...{ id: 'QueueDepthHigh|message-delivery', rule: 'QueueDepthHigh', queue: 'message-delivery' },
    ...{ severity: 'warning', state: 'pending', value: 1214, limit: 1000, since: at(5 * MINUTE) },
    message: '1 214 jobs wait (limit 1 000 for 5 min).',
    action: 'Growing by 140 a minute; all 60 handlers busy. Add workers or raise its concurrency.',
    ...{
      runbook: `${RUNBOOK}#queuedepthhigh`,
      firedAt: null,
      sentAt: null,
      sentTo: [],
      mutedUntil: null,
      mutedBy: null,
    },
  },
];

export const QUIET_ALERTS: readonly Json<AlertStatus>[] = [
  {
    ...{
      id: 'WorkerLost',
      rule: 'WorkerLost',
      queue: null,
      severity: 'warning',
      state: 'ok',
      value: 0,
      limit: 0,
    },
    ...{ message: 'No process is missing.', action: 'Look at its log.', runbook: `${RUNBOOK}#workerlost` },
    ...{
      since: at(50 * MINUTE),
      firedAt: at(56 * MINUTE),
      sentAt: at(50 * MINUTE),
      sentTo: ['webhook'],
      mutedUntil: new Date(NOW + 40 * MINUTE).toISOString(),
      mutedBy: 'ben',
    },
  },
];

function group(
  queue: string,
  job: string,
  error: string,
  text: string,
  letters: number,
  first: number,
  last: number,
): DeadLetterGroup {
  return {
    ...{ key: `${queue}-${error}`, queue, job, error, text, letters },
    firstAt: at(first * MINUTE),
    lastAt: at(last * MINUTE),
  };
}

export const GROUPS: readonly DeadLetterGroup[] = [
  group(
    'message-notification',
    'send-notification',
    'DependencyUnavailableError',
    'smtp.example.net:… refused the connection (ECONNREFUSED)',
    27,
    55,
    24,
  ),
  group(
    'message-notification',
    'send-notification',
    'UnrecoverableJobError',
    'device token … is no longer registered',
    4,
    198,
    7,
  ),
  group('message-delivery', 'send-message', 'JobTimeoutError', 'no answer within … ms', 3, 46, 28),
  group(
    'batch-message-sending',
    'batch-send',
    'InvalidPayloadError',
    'templateId must be one of the stored templates',
    1,
    314,
    314,
  ),
];

function plan(key: string, queue: string, cron: string, lastAgo: number, next: number): Json<ScheduleStatus> {
  return {
    ...{
      queue,
      key,
      job: queue === 'message-cleanup' ? 'cleanup-messages' : 'batch-send',
      repeat: { cron, tz: 'Europe/Berlin' },
    },
    ...{
      isDeclared: true,
      state: 'planned',
      reason: 'Its next run is due.',
      runs: 41,
      lastJobId: 'm_7bQx2k9PzR4tYw1L',
    },
    ...{ nextRunAt: new Date(NOW + next).toISOString(), lastRunAt: at(lastAgo) },
  };
}

const SCHEDULES: readonly Json<ScheduleStatus>[] = [
  plan('old messages', 'message-cleanup', '0 2 * * *', 12 * HOUR, 11 * HOUR + 34 * MINUTE),
  plan('deleted conversations', 'message-cleanup', '30 2 * * *', 12 * HOUR, 12 * HOUR + 4 * MINUTE),
  {
    ...plan('expired attachments', 'message-cleanup', '0 3 * * *', 11 * HOUR, 12 * HOUR + 34 * MINUTE),
    state: 'paused',
    reason: 'It has been paused since 13:02; resume it.',
  },
  plan('weekly digest', 'batch-message-sending', '0 8 * * 1', 5 * 24 * HOUR, 42 * HOUR),
  { ...plan('probe', 'chat_messages', '', 40_000, 20_000), repeat: { every: 60_000 }, isDeclared: false },
];

function worker(host: string, given: Partial<Json<WorkerStatus>> = {}): Json<WorkerStatus> {
  return {
    ...{ id: `w-${host}`, host, pid: 17, role: 'worker', version: '0.2.1', node: '20.19.4', state: 'alive' },
    ...{ startedAt: at(70 * MINUTE), seenAt: at(2_400), rssBytes: 184e6, loopLagMs: 1.4, openBreakers: [] },
    queues: BUSY_QUEUES.slice(0, 5).map(({ queue, slots, busySlots }) => ({
      queue,
      slots: Math.ceil(slots / 6),
      busy: Math.ceil(busySlots / 6),
      stuck: 0,
    })),
    ...given,
  };
}

export const WORKERS: readonly Json<WorkerStatus>[] = [
  ...[
    'worker-7d9f-2xkqp',
    'worker-7d9f-8zq4m',
    'worker-7d9f-c5v2t',
    'worker-7d9f-h6n8w',
    'worker-7d9f-p3r7k',
  ].map((host) => worker(host)),
  worker('worker-7d9f-x9b4d', {
    loopLagMs: 312,
    openBreakers: ['smtp'],
    queues: [{ queue: 'message-notification', slots: 15, busy: 14, stuck: 2 }],
  }),
  worker('worker-6c8e-old11', { state: 'lost', seenAt: at(56 * MINUTE), version: '0.2.0' }),
  worker('web-5f6d-1', { role: 'producer', queues: [], rssBytes: 1.21e9 }),
  worker('web-5f6d-2', { role: 'producer', queues: [] }),
];

/** The overview of the design's picture. */
export function busyOverview(hours: number): Overview {
  return {
    ...{
      at: new Date(NOW).toISOString(),
      operator: { name: 'ann', role: 'operator' },
      environment: 'production',
    },
    ...{
      title: 'Message queues',
      boardUrl: '/admin/queues',
      runbookUrl: RUNBOOK,
      hours,
      status: 'unhealthy',
      reasons: [],
    },
    server: {
      provider: 'redis',
      reachable: true,
      version: '7.0.15',
      latencyMs: 0.4,
      memoryUsedRatio: 0.12,
      memoryLimitBytes: 4_294_967_296,
      clockSkewMs: 2,
      findings: [],
    },
    alerts: ALERTS,
    totals: {
      ...{
        waiting: 1288,
        waitingPerMinute: 140,
        oldestWaitingMs: 42_000,
        completedPerSecond: 260,
        completedPerSecondHourAgo: 247,
      },
      ...{
        failureRate: 0.019,
        usualFailureRate: 0.003,
        runMs: { avg: 120, p50: 44, p95: 318, p99: 1310 },
        dead: 37,
        newDead: 31,
      },
      ...{ workers: 6, producers: 2, lost: 1, utilization: 0.71 },
    },
    history: { step: 1, points: historyOf(hours, 15_600) },
    deploys: [{ at: NOW - 64 * MINUTE, version: '0.2.1' }],
    queues: BUSY_QUEUES,
    deadLetters: { groups: GROUPS, looked: 37, of: 37 },
    schedules: SCHEDULES,
    events: { status: 'degraded', alerts: 2 },
  };
}
