import type { AlertList, AuditList, EnqueuedJob, Problem, ScheduleList, WorkerList } from '../answers.js';
import { FLAG, list, NUMBER, object, open, orNull, ref, TEXT, TIME, WHOLE, words } from './schema.js';
import type { Schema } from './schema.js';

type Item<List> = List extends readonly (infer One)[] ? One : never;
type Worker = Item<WorkerList['workers']>;

const STATES = ['planned', 'due', 'running', 'paused', 'ended', 'dead'];
const OUTCOMES = ['done', 'failed', 'refused', 'begun', 'progress', 'stopped'];

/** What is answered of processes, schedules, alerts and people, and of what went wrong. */
export const FLEET_SCHEMAS: Readonly<Record<string, Schema>> = {
  Schedule: object<Item<ScheduleList['schedules']>>({
    ...{ queue: TEXT, key: TEXT, job: TEXT, repeat: open({}), isDeclared: FLAG, state: words(...STATES) },
    ...{
      reason: TEXT,
      nextRunAt: orNull(TIME),
      lastRunAt: orNull(TIME),
      lastJobId: orNull(TEXT),
      runs: WHOLE,
    },
  }),
  ScheduleList: object<ScheduleList>({ schedules: list(ref('Schedule')) }),
  Worker: object<Worker>({
    ...{ id: TEXT, host: TEXT, pid: WHOLE, role: words('producer', 'worker', 'both', 'cli'), version: TEXT },
    ...{ node: TEXT, startedAt: TIME, seenAt: TIME, state: words('alive', 'lost'), rssBytes: NUMBER },
    ...{ loopLagMs: NUMBER, openBreakers: list(TEXT) },
    queues: list(object<Item<Worker['queues']>>({ queue: TEXT, slots: WHOLE, busy: WHOLE, stuck: WHOLE })),
  }),
  WorkerList: object<WorkerList>({ workers: list(ref('Worker')) }),
  Alert: object<Item<AlertList['alerts']>>({
    ...{ id: TEXT, rule: TEXT, queue: orNull(TEXT), severity: words('warning', 'critical') },
    ...{ state: words('ok', 'pending', 'firing'), message: TEXT, action: TEXT, runbook: TEXT },
    ...{ value: NUMBER, limit: NUMBER, since: TIME, firedAt: orNull(TIME), sentAt: orNull(TIME) },
    ...{ sentTo: list(TEXT), mutedUntil: orNull(TIME), mutedBy: orNull(TEXT) },
  }),
  AlertList: object<AlertList>({ alerts: list(ref('Alert')) }),
  AuditEntry: object<Item<AuditList['entries']>>({
    ...{ id: TEXT, at: NUMBER, by: TEXT, action: TEXT, target: TEXT, filter: orNull(TEXT) },
    ...{ count: orNull(WHOLE), reason: orNull(TEXT), outcome: words(...OUTCOMES), via: TEXT },
  }),
  AuditList: object<AuditList>({ entries: list(ref('AuditEntry')), cursor: orNull(TEXT) }),
  EnqueuedJob: object<EnqueuedJob>({ messageId: TEXT, queueName: TEXT, deduplicated: FLAG }),
  Problem: object<Problem>(
    {
      ...{ type: TEXT, title: TEXT, status: WHOLE, detail: TEXT, code: TEXT },
      issues: list(object<Item<NonNullable<Problem['issues']>>>({ path: TEXT, message: TEXT })),
    },
    ['issues'],
  ),
};
