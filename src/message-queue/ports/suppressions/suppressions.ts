import { IssuesError } from '../../../kernel/errors.js';
import type { Page } from '../page.js';
import type { SuppressionFilter } from './suppression-store.js';
import type { Suppression, SuppressionChannel, SuppressionReason } from './suppression.js';

/** What is known when a destination turns out to be dead. */
export interface NewSuppression extends Omit<Suppression, 'at'> {
  /** Default: now. */
  readonly at?: Date;
}

/** How a suppression is lifted. */
export interface LiftCall {
  /** Who does it, for the event and the audit: the id of a principal, or the name of a part of the app. */
  readonly by: string;
  /** Lifts it only if this is its reason. Default: whatever it is. */
  readonly only?: SuppressionReason;
  /** A suppression that is newer than this stays. Default: now. */
  readonly at?: Date;
}

/** A suppression, or what is to be lifted, is not one that can be stored; names every field. */
export class InvalidSuppressionError extends IssuesError {
  readonly code = 'INVALID_SUPPRESSION';
}

/**
 * Remembers dead destinations, so that nobody asks for them again. The library provides it, over the app's SuppressionStore. Addresses are
 * compared as their channel does: the domain of a mail address in any case, a phone number without its blanks, a Web Push subscription by
 * its endpoint.
 */
export abstract class Suppressions {
  /**
   * Suppresses a destination, with the event `suppressed`; one that is suppressed already stays as it is, without an event. A time that has
   * not come yet counts as now.
   * @returns whether it changed anything
   * @throws InvalidSuppressionError
   */
  abstract suppress(suppression: NewSuppression, signal?: AbortSignal): Promise<boolean>;

  /** Those of these destinations that are suppressed, each as it was asked for. */
  abstract findMany(
    channel: SuppressionChannel,
    destinations: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Suppression[]>;

  /**
   * Lets a destination get messages again, with the event `suppressionLifted` and an entry in the audit.
   * @returns whether it was suppressed
   * @throws InvalidSuppressionError; AuditUnavailableError, InvalidAuditEntryError when it cannot be written down: then it stays suppressed
   */
  abstract lift(
    channel: SuppressionChannel,
    destination: string,
    call: LiftCall,
    signal?: AbortSignal,
  ): Promise<boolean>;

  /** Newest first. @throws InvalidCursorError */
  abstract list(filter?: SuppressionFilter, signal?: AbortSignal): Promise<Page<Suppression>>;
}
