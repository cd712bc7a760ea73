import type { AnnouncedQueue, OperatorEntry } from '../../broker/activity-store.js';
import type { ServerReport } from '../../broker/broker.js';
import type { LetterChange } from '../../dead-letter/changes/letter-change.js';
import type { LongChange } from '../../dead-letter/changes/long-change.js';
import type { LetterGroup, LetterGroups } from '../../dead-letter/groups/letter-groups.js';
import type { FoundJob } from '../../finding/found-job.js';
import type { FoundJobs } from '../../finding/job-search.js';
import type { JobRun } from '../../finding/job-story.js';
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

/** Letters with the same queue, job, error code and text, but for numbers, ids, quotes and addresses. A filter takes its `key` as `group`. */
export type DeadLetterGroup = Json<LetterGroup>;

/** `GET dead-letters/groups`: groups, and what they were made from. */
export type DeadLetterGroups = Json<LetterGroups>;

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
  /** Of the bus of events of the process that answers; null where the app has none. */
  readonly events: { readonly status: HealthStatus; readonly alerts: number } | null;
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
export type JobRow = Json<FoundJob>;

/** `GET jobs`. */
export type JobList = Json<FoundJobs>;

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
  readonly runs: readonly Json<JobRun>[];
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
export type ChangeReport = { readonly dryRun: false } & Json<LetterChange>;

/** A change of more than 10 000: `202`, and `GET operations/:id`. */
export type LongOperation = Json<LongChange>;

/** `GET schedules`. `schedules/:id` is `<queue>|<key>`. */
export interface ScheduleList {
  readonly schedules: readonly Json<ScheduleStatus>[];
}

/** `GET workers`. */
export interface WorkerList {
  readonly workers: readonly Json<WorkerStatus>[];
}

/** `GET alerts`: what is or was wrong, the worst first. */
export interface AlertList {
  readonly alerts: readonly Json<AlertStatus>[];
}

/** `GET audit`: the newest first. */
export interface AuditList {
  readonly entries: readonly OperatorEntry[];
  readonly cursor: string | null;
}

/** A job that was added: `202`. */
export interface EnqueuedJob {
  readonly messageId: string;
  readonly queueName: string;
  /** Whether an earlier call with the same idempotency key or job id had added it. */
  readonly deduplicated: boolean;
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
