import type { Page, PageRequest } from '../page.js';
import { TraceHolder } from '../privacy/trace-holder.js';
import type { Suppression, SuppressionChannel } from './suppression.js';

/** Narrows a list of suppressions. */
export interface SuppressionFilter extends PageRequest {
  readonly channel?: SuppressionChannel;
  readonly recipientId?: string;
}

/** Destinations that get nothing more. Unique key: `channel` + `destination`. Its traces are those of a subject, by `recipientId`. */
export abstract class SuppressionStore extends TraceHolder {
  /** @returns `exists` when the destination is suppressed already; nothing changes then */
  abstract add(suppression: Suppression, signal?: AbortSignal): Promise<'added' | 'exists'>;

  /** Those of these destinations that are suppressed. */
  abstract findMany(
    channel: SuppressionChannel,
    destinations: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Suppression[]>;

  /** Removes a suppression. @returns what it was, or null when there was none */
  abstract remove(
    channel: SuppressionChannel,
    destination: string,
    signal?: AbortSignal,
  ): Promise<Suppression | null>;

  /** Newest first. @throws InvalidCursorError */
  abstract list(filter?: SuppressionFilter, signal?: AbortSignal): Promise<Page<Suppression>>;
}
