import { SafeLogger } from '../../../../kernel/host/safe-logger.js';
import { RepeatedLines } from '../../../../kernel/logging/repeated-lines.js';
import type { Clock } from '../../../../kernel/time/clock.js';
import { askedFor } from '../../../privacy/audit/call-origin.js';
import type { CallOrigin } from '../../../privacy/audit/call-origin.js';
import type { OperatorLog } from '../../../privacy/audit/operator-log.js';
import type { Exchange } from '../../http/exchange.js';
import type { Refused } from '../admission.js';
import { deedOf } from './deed-of.js';
import { RefusalNotes } from './refusal-notes.js';
import { networkOf } from '../sign-in/network-of.js';

const LOG_EVERY_MS = 60_000;
/** Whoever asked without being let in. */
const NOBODY = 'nobody';

/** Writes down what is asked for at the doors: every change, done or refused, and sign-ins that were refused. */
export class DoorBook {
  readonly #logger = new SafeLogger('Operations');
  readonly #lines: RepeatedLines;
  readonly #refusals: RefusalNotes;

  constructor(
    private readonly log: OperatorLog,
    clock: Clock,
  ) {
    this.#lines = new RepeatedLines(clock, LOG_EVERY_MS);
    this.#refusals = new RefusalNotes(clock);
  }

  /** Answers a change: what it does is written down by whoever does it, and where nobody does, here. */
  async change(exchange: Exchange, via: string, answer: () => Promise<boolean>): Promise<boolean> {
    const origin: CallOrigin = { via, by: exchange.visitor.name, reason: null, filter: null, noted: 0 };
    exchange.origin = origin;
    const isAnswered = await askedFor(origin, answer);
    if (isAnswered && origin.noted === 0 && !exchange.isPreview) await this.#answered(exchange, origin);
    return isAnswered;
  }

  /** Writes down what becomes of a change that something else answers. */
  watch(exchange: Exchange, via: string): void {
    const origin = { via, by: exchange.visitor.name, reason: null, filter: null };
    exchange.response.once('finish', () => void this.#answered(exchange, origin));
  }

  async #answered(exchange: Exchange, origin: Omit<CallOrigin, 'noted'>): Promise<void> {
    const { statusCode } = exchange.response;
    const outcome = statusCode < 400 ? 'done' : statusCode < 500 ? 'refused' : 'failed';
    const { action, target } = deedOf(exchange.method, exchange.segments ?? []);
    if (outcome !== 'refused' || this.#isNews(exchange, origin.by, `${action} ${statusCode}`)) {
      await this.log.note({ ...origin, action, target, outcome });
    }
  }

  /** Notes that a request was not let in, if it was a change or a sign-in. */
  refused(exchange: Exchange, via: string, refused: Refused): void {
    const { signIn, code } = refused;
    if (signIn !== undefined) this.#signInRefused(exchange, via, signIn);
    else if (exchange.isChange) {
      const by = exchange.isLetIn ? exchange.visitor.name : NOBODY;
      const { action, target } = deedOf(exchange.method, exchange.segments ?? []);
      if (!this.#isNews(exchange, by, `${action} ${code}`)) return;
      void this.log.note({ by, via, action, target, outcome: 'refused', reason: refused.detail });
    }
  }

  #signInRefused(exchange: Exchange, via: string, who: string): void {
    const network = networkOf(exchange.address);
    this.#lines.add({
      kind: 'sign-in',
      write: () => {
        this.#logger.warn(`A sign-in was refused: ${who}, from ${network}.`);
      },
      sum: ({ count, seconds }) => {
        this.#logger.warn(
          `${count} more sign-ins were refused within ${seconds} s, the last from ${network}.`,
        );
      },
    });
    if (!this.#isNews(exchange, who, 'sign-in')) return;
    void this.log.note({ by: who, via, action: 'sign-in', target: `from ${network}`, outcome: 'refused' });
  }

  #isNews({ address }: Exchange, by: string, what: string): boolean {
    return this.#refusals.isNews(`${networkOf(address)} ${by} ${what}`);
  }
}
