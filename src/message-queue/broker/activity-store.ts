import type { ActivityCounter, ActivityRecord } from '../jobs/activity/activity-record.js';
import type { OperatorDeed } from '../jobs/activity/operator-deed.js';
import type { QueueSnapshot, WrongKey } from './queue-snapshot.js';

/** What a process says of itself with each flush. JSON. */
export interface Heartbeat {
  /** A UUID for each start of a process. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly role: 'producer' | 'worker' | 'both' | 'cli';
  /** Of the host's package, where it is known; else of this library. */
  readonly version: string;
  /** Of Node. */
  readonly node: string;
  /** Milliseconds since the epoch, by the broker's clock. */
  readonly startedAt: number;
  readonly rssBytes: number;
  readonly loopLagMs: number;
  /** Milliseconds until the next flush at the latest. */
  readonly flushMs: number;
  /** Queues that it works on: handlers that may run at once, those that run, and those that are stuck. */
  readonly queues: Readonly<Record<string, readonly [slots: number, busy: number, stuck: number]>>;
  /** Dependencies whose breaker is open here. */
  readonly openBreakers: readonly string[];
  /** By queue: those of them that made its jobs wait here lately. Left out by a process that knows of none. */
  readonly blocked?: Readonly<Record<string, readonly string[]>>;
}

/** What a process tells of a queue that it has registered, so that the others know it. JSON. */
export interface AnnouncedQueue {
  readonly name: string;
  readonly description: string;
  readonly jobs: readonly string[];
  readonly concurrency: number;
  readonly attempts: number;
  readonly timeoutMs: number;
  /** Null: any number. */
  readonly maxWaiting: number | null;
  readonly isSealed: boolean;
  /** Whether it is one of the library's six. */
  readonly isBuiltIn: boolean;
}

/** What was counted of the jobs of one name in one queue. */
export interface ActivitySeries {
  readonly queue: string;
  readonly job: string;
  readonly record: ActivityRecord;
}

/** What one flush carries. It is sent again unchanged, under the same number, until it is answered. */
export interface ActivityBatch {
  /** From 1, of this instance. */
  readonly seq: number;
  readonly heartbeat: Heartbeat;
  /** Changes since the batch before. */
  readonly series: readonly ActivitySeries[];
  /** Queues to announce: with the first flush, and after an answer that asks for them. */
  readonly announced: readonly AnnouncedQueue[];
}

/** What a flush was answered with. */
export interface FlushAnswer {
  /** False: the number was seen before, and nothing was counted again. */
  readonly isNew: boolean;
  /** Milliseconds since the epoch by the broker's clock. */
  readonly at: number;
  /** Whether to announce the queues with the next flush: the store was emptied, or has not been told of them for an hour. */
  readonly announceAgain: boolean;
}

/** A process as the store knows it. */
export interface Instance extends Heartbeat {
  /** When it last flushed, milliseconds since the epoch. */
  readonly seenAt: number;
}

/** What was counted of one series within one minute. */
export interface ActivityMinute extends ActivitySeries {
  /** Begin of the minute, milliseconds since the epoch. */
  readonly minute: number;
}

/** Where an alert stands, as it is stored: a rule and what it is about. JSON. */
export interface StoredAlert {
  readonly rule: string;
  /** The queue; an empty text where the rule is of the broker or the fleet. */
  readonly queue: string;
  readonly severity: 'warning' | 'critical';
  readonly state: 'ok' | 'pending' | 'firing';
  /** Of the incident: from its first `firing` to its `resolved`; null before. */
  readonly incident: string | null;
  /** When it became what it is, milliseconds since the epoch. */
  readonly since: number;
  /** When the incident began to fire, milliseconds since the epoch; null before. */
  readonly firedAt: number | null;
  /** Since when its value has been below what clears it; null while it is not. */
  readonly clearSince: number | null;
  readonly value: number;
  readonly limit: number;
  /** What is wrong, in a sentence with numbers. */
  readonly message: string;
  /** A transition that is not yet known to have been told to every sink. */
  readonly toSend: 'firing' | 'resolved' | null;
  /** How often it is told again that it still fires. */
  readonly reminders: number;
  /** Names of the sinks that were told of its last transition, or last reminded. */
  readonly sentTo: readonly string[];
  /** When it was last told, milliseconds since the epoch; null: never of this incident. */
  readonly sentAt: number | null;
  readonly mutedUntil: number | null;
  readonly mutedBy: string | null;
  /** Rises with every change. */
  readonly version: number;
}

/** One entry of what people changed, or tried to. */
export interface OperatorEntry extends OperatorDeed {
  /** Orders entries; given by the store. */
  readonly id: string;
  /** Milliseconds since the epoch, by the broker's clock. */
  readonly at: number;
}

/** A version that a process said in its heartbeat. */
export interface SeenVersion {
  /** When the first process with it began to flush, milliseconds since the epoch by the broker's clock. */
  readonly at: number;
  readonly version: string;
}

/** Everything that stats, health, alerts, console and command line ask of the broker at one moment. */
export interface BrokerLook {
  /** Milliseconds since the epoch by the broker's clock. */
  readonly at: number;
  /** By queue, of those asked for, whether or not this process has registered them. */
  readonly counts: ReadonlyMap<string, QueueSnapshot>;
  /** The minute under way and the five before it, of every queue asked for. */
  readonly minutes: readonly ActivityMinute[];
  /** Processes that were seen within 10 minutes and have not said good-bye. */
  readonly instances: readonly Instance[];
  /** Queues that any process has announced within the history. */
  readonly announced: readonly AnnouncedQueue[];
  readonly alerts: readonly StoredAlert[];
  /** By queue: what was counted since the first start. */
  readonly totals: ReadonlyMap<string, Readonly<Partial<Record<ActivityCounter, number>>>>;
  /** The last 100 versions, the oldest first: each is a deploy. */
  readonly deploys: readonly SeenVersion[];
  /** Keys of the activity store under which somebody put something else; what belongs there is missing above. */
  readonly wrongKeys: readonly WrongKey[];
}

/** Which entries of operators to read, the newest first. */
export interface OperatorQuery {
  /** 1 to 200. */
  readonly limit: number;
  /** Entries before this id. */
  readonly before?: string;
}

/**
 * What happened, kept beside the jobs: one truth for every process. Nothing it does delays or fails a job. Counters, not events: what it
 * holds is bounded by queues × job names × minutes.
 */
export abstract class ActivityStore {
  /**
   * Merges what a process counted into the minute under way, and notes that it lives. One script call.
   * @throws BrokerUnavailableError when the broker is away, or refuses; the batch may have been counted: send it again as it is
   */
  abstract flush(batch: ActivityBatch): Promise<FlushAnswer>;

  /** The process ends by itself: it is not lost. */
  abstract leave(instance: string): Promise<void>;

  /** One round trip per server, whatever the number of queues and jobs. */
  abstract look(queues: readonly string[]): Promise<BrokerLook>;

  /** What was counted of a queue within whole hours. @param fromHour, toHour hours since the epoch, inclusive */
  abstract history(queue: string, fromHour: number, toHour: number): Promise<readonly ActivityMinute[]>;

  /** Takes or renews the lease of whoever evaluates alerts. @returns whether it is held by this instance now */
  abstract holdLeadership(instance: string, leaseMs: number): Promise<boolean>;

  /** Gives the lease up, if this instance has it. */
  abstract giveUpLeadership(instance: string): Promise<void>;

  /**
   * Stores an alert if the one that is stored has the version before it (none counts as 0).
   * @returns false: somebody else has moved it
   */
  abstract moveAlert(alert: StoredAlert): Promise<boolean>;

  /** Removes an alert of a rule or queue that is gone. */
  abstract removeAlert(rule: string, queue: string): Promise<void>;

  /** Adds an entry to the last 10 000. */
  abstract note(deed: OperatorDeed): Promise<void>;

  /** Entries, the newest first. @throws InvalidJobOptionsError when `before` is no id of an entry */
  abstract notes(query: OperatorQuery): Promise<readonly OperatorEntry[]>;
}

/** How long a process that says nothing is listed as lost, milliseconds. */
export const LOST_FOR_MS = 600_000;
