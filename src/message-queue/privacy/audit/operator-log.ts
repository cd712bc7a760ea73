import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { printable } from '../../../kernel/logging/printable.js';
import { settlesWithin } from '../../../kernel/time/settles-within.js';
import type { OperatorDeed } from '../../jobs/activity/operator-deed.js';
import { currentOrigin } from './call-origin.js';

/** How long whoever did something waits until it is in the list, milliseconds. */
const WAIT_MS = 1_000;
const LONGEST = { by: 200, action: 64, target: 300, filter: 1_000, reason: 500 };

/**
 * The list of what people did and were refused, beside the jobs: what console, REST and command line show. It is no proof, the chain of
 * {@link QueueAudit} is: what cannot be written here is done all the same.
 */
export class OperatorLog {
  readonly #logger = new SafeLogger('Audit');
  #isBroken = false;

  /** @param store keeps an entry */
  constructor(private readonly store: (deed: OperatorDeed) => Promise<void>) {}

  /** Adds an entry, by whoever asks for what is being done now. Never rejects; takes 1 s at most. */
  async note(
    deed: Pick<OperatorDeed, 'action' | 'target' | 'outcome'> & Partial<OperatorDeed>,
  ): Promise<void> {
    const origin = currentOrigin();
    if (origin !== undefined) origin.noted += 1;
    const { by = origin?.by ?? 'app', via = origin?.via ?? 'app', count = null } = deed;
    const reason = origin?.reason ?? deed.reason ?? null;
    const filter = deed.filter ?? origin?.filter ?? null;
    const stored = this.#stored({
      ...{ via, count, outcome: deed.outcome },
      by: printable(by, LONGEST.by),
      action: printable(deed.action, LONGEST.action),
      target: printable(deed.target, LONGEST.target),
      filter: filter === null ? null : printable(filter, LONGEST.filter),
      reason: reason === null ? null : printable(reason, LONGEST.reason),
    });
    await settlesWithin(stored, WAIT_MS);
  }

  async #stored(deed: OperatorDeed): Promise<void> {
    try {
      await this.store(deed);
      this.#isBroken = false;
    } catch (error) {
      if (this.#isBroken) return;
      // One line until it works again.
      this.#isBroken = true;
      this.#logger.error(
        `"${deed.action}" by ${deed.by} (${deed.outcome}) is missing in the list of what operators did: ${String(error)}`,
      );
    }
  }
}
