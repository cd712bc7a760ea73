import type { AnnouncedQueue, BrokerLook, StoredAlert } from '../../broker/activity-store.js';
import type { ServerReport } from '../../broker/broker.js';

/** How much an alert matters: `critical` ones are worth waking somebody. */
export type AlertSeverity = StoredAlert['severity'];

/** Everything that rules see. They ask nobody: what they say is what health, console and metrics show. */
export interface AlertSnapshot {
  readonly look: BrokerLook;
  readonly server: ServerReport;
  /** How late the run of a schedule is that is most overdue, milliseconds, by queue; queues whose schedules are not known are left out. */
  readonly lateSchedules: ReadonlyMap<string, LateSchedule>;
  /** By name: those of this process, and those that others announced. */
  readonly queues: ReadonlyMap<string, AlertQueue>;
  /** Whether jobs can run in the process that evaluates. */
  readonly worksHere: boolean;
}

/** What rules know of a queue without looking. */
export type AlertQueue = Pick<AnnouncedQueue, 'name' | 'timeoutMs'>;

/** The schedule of a queue whose run is most overdue. */
export interface LateSchedule {
  readonly key: string;
  readonly lateMs: number;
}

/** When a rule fires. */
export interface AlertLimits {
  readonly severity: AlertSeverity;
  /** It is wrong from more than this on. */
  readonly above: number;
  /** For so long before it fires, milliseconds. */
  readonly forMs: number;
  /** It is well again below this, or at 0. */
  readonly clear: number;
  /** For so long before it is over, milliseconds. */
  readonly clearForMs: number;
}

/** What a rule found. */
export interface AlertReading {
  readonly value: number;
  /** What is wrong, in a sentence with numbers; of no use where nothing is. */
  readonly message: string;
}

/** One rule, with its defaults. */
export interface AlertRule {
  /** Of each queue, of the broker and the processes together, or of this process and its broker. */
  readonly about: 'queue' | 'fleet' | 'process';
  readonly defaults: Omit<AlertLimits, 'clear' | 'clearForMs'>;
  /** Of what its limits are, in words of the documentation: `jobs`, `milliseconds`, `a share from 0 to 1`. */
  readonly unit: string;
  /** What to do first, in a sentence. */
  readonly action: string;
  /**
   * @param above what was set, to be judged by
   * @returns null where it cannot be known now: then it stays as it is
   */
  readonly read: (snapshot: AlertSnapshot, queue: string, above: number) => AlertReading | null;
  /** What stands for `above` for a queue, where that depends on the queue. Default: `above`. */
  readonly aboveFor?: (queue: AlertQueue, above: number) => number;
}

/** Below which share of `above` a value is well again, unless said otherwise. */
export const CLEAR_SHARE = 0.8;
/** How long a value must be well before an alert is over, milliseconds. */
export const CLEAR_FOR_MS = 120_000;
