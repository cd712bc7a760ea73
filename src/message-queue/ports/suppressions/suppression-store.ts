import type { Page, PageRequest } from '../page.js';
import { TraceHolder } from '../privacy/trace-holder.js';
import type { Suppression, SuppressionChannel, SuppressionReason } from './suppression.js';

/** Narrows a list of suppressions. */
export interface SuppressionFilter extends PageRequest {
  readonly channel?: SuppressionChannel;
  readonly recipientId?: string;
}

/** What lifts a suppression. */
export interface SuppressionLifting {
  readonly channel: SuppressionChannel;
  readonly destination: string;
  /** When: a suppression that is newer stays. */
  readonly at: Date;
  /** Lifts it only if this is its reason. Default: whatever it is. */
  readonly only?: SuppressionReason;
}

/**
 * Destinations that get nothing more. Unique key: `channel` + `destination`, at most 16 384 characters. Its traces are those of a subject, by
 * `recipientId`.
 */
export abstract class SuppressionStore extends TraceHolder {
  /**
   * Suppresses a destination. What somebody wished (`opted-out`, `complained`) replaces what only turned out.
   * @returns `unchanged` when it is suppressed already, or was lifted at that time or later: what is told twice, or late, changes nothing
   */
  abstract add(suppression: Suppression, signal?: AbortSignal): Promise<'added' | 'unchanged'>;

  /** Those of these destinations that are suppressed. */
  abstract findMany(
    channel: SuppressionChannel,
    destinations: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Suppression[]>;

  /**
   * Lifts a suppression, and remembers when for whatever comes late, also where there was none. Keeps no address of what was lifted.
   * @returns what it was, or null when nothing was lifted
   */
  abstract lift(lifting: SuppressionLifting, signal?: AbortSignal): Promise<Suppression | null>;

  /** Newest first. @throws InvalidCursorError */
  abstract list(filter?: SuppressionFilter, signal?: AbortSignal): Promise<Page<Suppression>>;
}
