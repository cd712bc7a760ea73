import { MessageQueueError } from '../../../../kernel/errors.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { ConnectionListener } from './redis-connections.js';
import { replyCode, replyOf } from '../../../../kernel/redis/redis-replies.js';

/** While the same goes wrong, how long until it is reported again, milliseconds. */
const AGAIN_AFTER_MS = 30_000;
/** Redis takes calls again when it has refused none for this long, milliseconds. */
const QUIET_MS = 3_000;

/** Who is told about an outage. */
export interface OutageListener {
  /** @param queue when it concerns this one alone */
  failed(message: string, cause: Error, queue?: string): void;
  recovered(message: string): void;
}

/** What was reported of one kind. */
interface Told {
  at: number;
  /** How often it has happened since. */
  unsaid: number;
}

/**
 * Condenses many errors into few messages, over all connections and queues of a process: while Redis is away, each connection fails
 * twice a second; while it refuses, so does every call of every queue. Each kind is reported when it is new, then every
 * half minute; the recovery is reported once.
 */
export class OutageNotices implements ConnectionListener {
  private readonly failures = new Map<string, Told>();
  private readonly refusals = new Map<string, Told>();
  private refusedSince = 0;
  private refusedAt = Number.NEGATIVE_INFINITY;

  /** @param now a clock that never goes back, milliseconds; replaced in tests */
  constructor(
    private readonly listener: OutageListener,
    private readonly now: () => number = () => performance.now(),
  ) {}

  failed(error: Error): void {
    const unsaid = this.unsaid(this.failures, kindOf(error));
    if (unsaid !== null) this.listener.failed(wordsOf(error) + more(unsaid), error);
  }

  ready(awayMs: number): void {
    if (this.failures.size === 0) return;
    this.failures.clear();
    this.listener.recovered(`Redis answers again, after ${seconds(awayMs)}.`);
  }

  /**
   * Redis answered a call with an error; the call is made again.
   * @param queue whose call it was
   * @returns whether it was reported
   */
  refused(error: Error, queue?: string): boolean {
    // The connections report it.
    if (this.failures.has(kindOf(error))) return false;
    const reply = replyOf(error);
    // What is stored wrongly concerns one queue.
    const ofQueue = reply?.meaning === 'faulty' ? queue : undefined;
    this.refusedAt = this.now();
    if (this.refusals.size === 0) this.refusedSince = this.refusedAt;
    const unsaid = this.unsaid(this.refusals, `${kindOf(error)} ${ofQueue ?? ''}`);
    if (unsaid === null) return false;
    const said = reply === null ? `${error.message.replace(/\.$/, '')}.` : `${reply.text}. ${reply.remedy}`;
    this.listener.failed(
      `Redis refuses calls: ${said} They are tried again until Redis takes them; meanwhile jobs wait.${more(unsaid)}`,
      error,
      ofQueue,
    );
    return true;
  }

  /** Redis took a call of those that are made again and again. */
  taken(): void {
    if (this.refusals.size === 0 || this.now() - this.refusedAt < QUIET_MS) return;
    this.refusals.clear();
    this.listener.recovered(`Redis takes calls again, after ${seconds(this.refusedAt - this.refusedSince)}.`);
  }

  /** @returns how often it happened since it was reported last; null: it must not be reported now */
  private unsaid(told: Map<string, Told>, kind: string): number | null {
    const now = this.now();
    const last = told.get(kind);
    if (last !== undefined && now - last.at < AGAIN_AFTER_MS) {
      last.unsaid += 1;
      return null;
    }
    told.set(kind, { at: now, unsaid: 0 });
    return last?.unsaid ?? 0;
  }
}

function kindOf(error: Error): string {
  const told = error instanceof BrokerUnavailableError ? error.reply : null;
  return told ?? replyCode(error) ?? error.message;
}

/** Our own errors already say what to do. */
function wordsOf(error: Error): string {
  if (error instanceof MessageQueueError) return error.message;
  return (
    `A connection to Redis failed: ${error.message.replace(/\.$/, '')}. It is retried until Redis answers; meanwhile adds are refused in time ` +
    'and jobs wait. Check that Redis runs and can be reached.'
  );
}

function more(unsaid: number): string {
  return unsaid === 0 ? '' : ` (${unsaid} more times since it was last reported.)`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
