import type { AnnouncedQueue } from '../../broker/activity-store.js';
import type { ServerReport } from '../../broker/server-report.js';
import type { DeployMark, Durations, HistoryPoint } from '../../monitoring/activity/queue-history.js';
import type { WorkerStatus } from '../../monitoring/activity/worker-status.js';
import type { AlertStatus } from '../../monitoring/alerts/alert-status.js';
import type { HealthReason, HealthStatus } from '../../monitoring/queue-health.js';
import type { ScheduleStatus } from '../../schedules/schedule-status.js';
import type { OperatorRole } from '../access/operator.js';

/** JSON of a type: dates are ISO texts. */
export type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Json<T[Key]> }
      : T;

/** One row of the overview: a queue now, and over the hours that were asked for. */
export interface QueueRow {
  readonly queue: string;
  readonly description: string;
  readonly isBuiltIn: boolean;
  readonly status: HealthStatus;
  readonly reasons: readonly HealthReason[];
  readonly isPaused: boolean;
  /** Waiting, those of a paused queue included. */
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly held: number;
  readonly dead: number;
  readonly oldestWaitingMs: number | null;
  readonly slots: number;
  readonly busySlots: number;
  readonly workers: number;
  /** Of the last 5 minutes, all processes. */
  readonly perMinute: number;
  /** Share of attempts that failed within the last 5 minutes, 0 to 1; null when there was none. */
  readonly failureRate: number | null;
  readonly waitMs: Durations;
  readonly runMs: Durations;
  /** Completed per minute, 40 points over the hours that were asked for, the oldest first. */
  readonly trend: readonly number[];
}

/** Letters with the same queue, job, error code and text, but for numbers, ids, quotes and addresses. */
export interface DeadLetterGroup {
  /** Opaque; a filter takes it as `group`. */
  readonly key: string;
  readonly queue: string;
  readonly job: string;
  readonly error: string;
  /** The text with `…` in place of what differs. */
  readonly text: string;
  readonly letters: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** What groups were made from. */
export interface DeadLetterGroups {
  readonly groups: readonly DeadLetterGroup[];
  /** Letters that were read, the newest of each queue. */
  readonly looked: number;
  /** Letters that there are. */
  readonly of: number;
}

/** `GET overview`: everything the first page of the console shows. */
export interface Overview {
  readonly at: string;
  /** Who asks. */
  readonly operator: { readonly name: string; readonly role: OperatorRole };
  readonly environment: string;
  readonly title: string;
  readonly server: Json<ServerReport>;
  /** Where the board is; null where there is none. */
  readonly boardUrl: string | null;
  readonly runbookUrl: string;
  readonly hours: number;
  readonly status: HealthStatus;
  /** What is wrong beside the queues. */
  readonly reasons: readonly HealthReason[];
  /** Firing and pending, the worst first. */
  readonly alerts: readonly Json<AlertStatus>[];
  readonly totals: {
    readonly waiting: number;
    /** Change of the backlog over the last 5 minutes, per minute. */
    readonly waitingPerMinute: number;
    readonly oldestWaitingMs: number | null;
    readonly completedPerSecond: number;
    /** An hour ago; null when nothing is known of then. */
    readonly completedPerSecondHourAgo: number | null;
    /** 0 to 1; null when there was no attempt. */
    readonly failureRate: number | null;
    /** Over the hours that were asked for. */
    readonly usualFailureRate: number | null;
    readonly runMs: Durations;
    readonly dead: number;
    /** Within the last hour. */
    readonly newDead: number;
    readonly workers: number;
    /** Processes that work on nothing. */
    readonly producers: number;
    readonly lost: number;
    /** Busy slots of all slots, 0 to 1; null without slots. */
    readonly utilization: number | null;
  };
  /** All queues together. */
  readonly history: { readonly step: number; readonly points: readonly HistoryPoint[] };
  readonly deploys: readonly DeployMark[];
  /** The six first, then the app's own. */
  readonly queues: readonly QueueRow[];
  readonly deadLetters: DeadLetterGroups;
  readonly schedules: readonly Json<ScheduleStatus>[];
}

/** `GET queues/:queue`. */
export interface QueueDetail {
  readonly at: string;
  readonly queue: QueueRow;
  readonly announced: AnnouncedQueue | null;
  readonly workers: readonly Json<WorkerStatus>[];
  /** By job name, over the last 5 minutes. */
  readonly jobs: readonly {
    readonly job: string;
    readonly perMinute: number;
    readonly failureRate: number | null;
    readonly waitMs: Durations;
    readonly runMs: Durations;
  }[];
}

/** One job of a list. */
export interface JobRow {
  readonly queue: string;
  readonly id: string;
  readonly job: string;
  readonly state: string;
  readonly priority: number;
  readonly addedAt: string;
  /** When it may start; null where it is not put off. */
  readonly dueAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** Attempts that were spent. */
  readonly attempts: number;
  readonly error: string | null;
}

/** `GET jobs`. */
export interface JobList {
  readonly jobs: readonly JobRow[];
  /** Jobs that were looked at. */
  readonly looked: number;
  /** Jobs that there are in these states. */
  readonly of: number;
  readonly cursor: string | null;
}

/** `GET jobs/:queue/:id`. */
export interface JobDetail extends JobRow {
  /** As the board would show it: redacted, cut; null where it is sealed. */
  readonly payload: unknown;
  readonly isSealed: boolean;
  readonly result: unknown;
  readonly progress: unknown;
  readonly maxAttempts: number;
  readonly correlationId: string | null;
  /** Every attempt that is known of, the oldest first. */
  readonly runs: readonly {
    readonly attempt: number;
    readonly at: string | null;
    readonly kind: string;
    readonly error: string | null;
    readonly text: string | null;
    readonly durationMs: number | null;
    readonly waitMs: number | null;
    readonly worker: string | null;
  }[];
  readonly replays: readonly { readonly at: string; readonly by: string }[];
  readonly cancelled: { readonly at: string | null; readonly reason: string } | null;
}

/** One dead letter of a list. */
export interface DeadLetterRow {
  readonly queue: string;
  readonly id: string;
  readonly job: string;
  readonly error: string;
  readonly text: string;
  readonly failedAt: string;
  readonly attempts: number;
}

/** `GET dead-letters`. */
export interface DeadLetterList {
  readonly letters: readonly DeadLetterRow[];
  readonly cursor: string | null;
}

/** What a change of many would do: `dryRun: true`. */
export interface ChangePlan {
  readonly dryRun: true;
  readonly matched: number;
  /** Letters that fail later stay out; give it back with the change. */
  readonly until: string;
  readonly byError: Readonly<Record<string, number>>;
  readonly byJob: Readonly<Record<string, number>>;
  /** At most 5. */
  readonly sample: readonly DeadLetterRow[];
}

/** What a change of many did. */
export interface ChangeReport {
  readonly dryRun: false;
  readonly moved: number;
  /** Letters that were there in the preview and are not any more. */
  readonly gone: number;
  readonly failed: readonly { readonly id: string; readonly why: string }[];
}

/** A change of more than 10 000: `202`, and `GET operations/:id`. */
export interface LongOperation {
  readonly id: string;
  readonly action: 'replay' | 'discard';
  readonly state: 'running' | 'done' | 'stopped' | 'failed';
  readonly by: string;
  readonly startedAt: string;
  readonly matched: number;
  readonly moved: number;
  readonly gone: number;
  readonly failed: readonly { readonly id: string; readonly why: string }[];
}

/** An error: `application/problem+json`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
}
