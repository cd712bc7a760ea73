/** What an adapter sends to the other processes of the app. */
export interface Publication {
  readonly channel: string;
  readonly message: Buffer;
}

/**
 * Why a publication is not opened: it was `changed` after it was sealed, or published elsewhere; `no-key`, this process does not have its key
 * (for now); `plain`, it is not sealed, and `privacy.unsealed` is `refuse`.
 */
export type Unopened = 'changed' | 'no-key' | 'plain';

/** Publications that were dropped in this process. */
export interface UnopenedPublications {
  /** Since the start. */
  readonly count: number;
  /** Whether the last one was within 5 minutes. */
  readonly isRecent: boolean;
}

/**
 * Seals what adapters publish to the other processes of the app, so that whoever carries it cannot read it, and opens what these published.
 * The library provides it; adapters inject it. Type and injection token in one.
 */
export abstract class PublicationSeal {
  /** Says that this process publishes: it does not start without keys then, as with sealed queues. Call it before the app starts. */
  abstract needKeys(): void;

  /**
   * Seals a publication, channel and all; it opens on the channel it was sealed for only. Answers at once while the key is at hand.
   * @param channel where the sealed one is published
   * @returns the publication as it is where sealing is not on
   * @throws KeyUnavailableError, as a rejection
   */
  abstract seal(publication: Publication, channel: string): Publication | Promise<Publication>;

  /** Opens what was published, if it is sealed; what is not opened must be dropped, and be counted with {@link noteUnopened}. Never rejects. */
  abstract open(published: Publication): Publication | Unopened | Promise<Publication | Unopened>;

  /** Counts a publication that was dropped, for health: it did not open, or makes no sense. */
  abstract noteUnopened(): void;

  /** What was counted. */
  abstract unopened(): UnopenedPublications;
}
