import type { AnnouncedQueue } from '../../../broker/activity-store.js';
import type { Durations, HistoryPoint, QueueHistory } from '../../../monitoring/activity/queue-history.js';
import type { HealthReason } from '../../../monitoring/queue-health.js';
import type { Overview, QueueDetail, QueueRow } from '../answers.js';
import { FLAG, list, NUMBER, object, open, orNull, ref, TEXT, TIME, WHOLE, words } from './schema.js';
import type { Schema } from './schema.js';

const STATUS = words('healthy', 'degraded', 'unhealthy');
const DEPLOYS = list(object<Overview['deploys'][number]>({ at: NUMBER, version: TEXT }));
const POINTS = list(ref('HistoryPoint'));

const SERVER = open({
  ...{
    provider: words('memory', 'redis', 'sync'),
    reachable: FLAG,
    version: orNull(TEXT),
    latencyMs: orNull(NUMBER),
  },
  ...{
    memoryUsedRatio: orNull(NUMBER),
    memoryLimitBytes: orNull(NUMBER),
    clockSkewMs: orNull(NUMBER),
    findings: list(open({ message: TEXT })),
  },
});

/** What is answered of the fleet as a whole, and of its queues. */
export const OVERVIEW_SCHEMAS: Readonly<Record<string, Schema>> = {
  Durations: object<Durations>({
    avg: orNull(NUMBER),
    p50: orNull(NUMBER),
    p95: orNull(NUMBER),
    p99: orNull(NUMBER),
  }),
  HealthReason: object<HealthReason>({ severity: words('degraded', 'unhealthy'), code: TEXT, message: TEXT }),
  HistoryPoint: object<HistoryPoint>({
    ...{ at: NUMBER, added: NUMBER, completed: NUMBER, failed: NUMBER, retried: NUMBER, deferred: NUMBER },
    ...{ dead: NUMBER, timedOut: NUMBER, refused: NUMBER, waitMs: ref('Durations'), runMs: ref('Durations') },
  }),
  QueueHistory: object<QueueHistory>({
    ...{ queue: TEXT, job: orNull(TEXT), step: WHOLE, from: NUMBER, points: POINTS, deploys: DEPLOYS },
  }),
  QueueRow: object<QueueRow>({
    ...{
      queue: TEXT,
      description: TEXT,
      isBuiltIn: FLAG,
      status: STATUS,
      reasons: list(ref('HealthReason')),
    },
    ...{ isPaused: FLAG, waiting: WHOLE, delayed: WHOLE, active: WHOLE, held: WHOLE, dead: WHOLE },
    ...{ oldestWaitingMs: orNull(NUMBER), slots: WHOLE, busySlots: WHOLE, workers: WHOLE, perMinute: NUMBER },
    ...{
      failureRate: orNull(NUMBER),
      waitMs: ref('Durations'),
      runMs: ref('Durations'),
      trend: list(NUMBER),
    },
  }),
  Announced: object<AnnouncedQueue>({
    ...{ name: TEXT, description: TEXT, jobs: list(TEXT), concurrency: WHOLE, attempts: WHOLE },
    ...{ timeoutMs: NUMBER, maxWaiting: orNull(NUMBER), isSealed: FLAG, isBuiltIn: FLAG },
  }),
  QueueDetail: object<QueueDetail>({
    ...{
      at: TIME,
      queue: ref('QueueRow'),
      announced: orNull(ref('Announced')),
      workers: list(ref('Worker')),
    },
    jobs: list(
      object<QueueDetail['jobs'][number]>({
        ...{ job: TEXT, perMinute: NUMBER, failureRate: orNull(NUMBER) },
        ...{ waitMs: ref('Durations'), runMs: ref('Durations') },
      }),
    ),
  }),
  Overview: object<Overview>({
    ...{ at: TIME, environment: TEXT, title: TEXT, server: SERVER, boardUrl: orNull(TEXT), runbookUrl: TEXT },
    operator: object<Overview['operator']>({ name: TEXT, role: words('viewer', 'operator') }),
    ...{ hours: WHOLE, status: STATUS, reasons: list(ref('HealthReason')), alerts: list(ref('Alert')) },
    totals: object<Overview['totals']>({
      ...{
        waiting: WHOLE,
        waitingPerMinute: NUMBER,
        oldestWaitingMs: orNull(NUMBER),
        completedPerSecond: NUMBER,
      },
      ...{
        completedPerSecondHourAgo: orNull(NUMBER),
        failureRate: orNull(NUMBER),
        usualFailureRate: orNull(NUMBER),
      },
      ...{
        runMs: ref('Durations'),
        dead: WHOLE,
        newDead: NUMBER,
        workers: WHOLE,
        producers: WHOLE,
        lost: WHOLE,
      },
      utilization: orNull(NUMBER),
    }),
    history: object<Overview['history']>({ step: WHOLE, points: POINTS }),
    ...{ deploys: DEPLOYS, queues: list(ref('QueueRow')), deadLetters: ref('DeadLetterGroups') },
    schedules: list(ref('Schedule')),
    events: orNull(object<NonNullable<Overview['events']>>({ status: STATUS, alerts: WHOLE })),
  }),
};
