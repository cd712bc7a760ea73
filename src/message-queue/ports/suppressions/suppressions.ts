import type { Page } from '../page.js';
import type { SuppressionFilter } from './suppression-store.js';
import type { Suppression, SuppressionChannel } from './suppression.js';

/** What is known when a destination turns out to be dead. */
export type NewSuppression = Omit<Suppression, 'at'>;

/** Remembers dead destinations, so that nobody asks for them again. The library provides it, over the app's SuppressionStore. */
export abstract class Suppressions {
  /** Suppresses a destination, with the event `suppressed`; one that is suppressed already stays as it is, without an event. */
  abstract suppress(suppression: NewSuppression, signal?: AbortSignal): Promise<void>;

  /** Those of these destinations that are suppressed. */
  abstract findMany(
    channel: SuppressionChannel,
    destinations: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Suppression[]>;

  /**
   * Lets a destination get messages again, with the event `suppression-lifted`.
   * @param by who does it, for the event and the audit
   * @returns whether it was suppressed
   */
  abstract lift(
    channel: SuppressionChannel,
    destination: string,
    by: string,
    signal?: AbortSignal,
  ): Promise<boolean>;

  /** Newest first. @throws InvalidCursorError */
  abstract list(filter?: SuppressionFilter, signal?: AbortSignal): Promise<Page<Suppression>>;
}
