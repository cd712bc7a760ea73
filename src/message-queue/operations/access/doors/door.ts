import type { IncomingMessage } from 'node:http';
import { SafeLogger } from '../../../../kernel/host/safe-logger.js';
import { changeRefusal } from '../../http/change-refusal.js';
import type { ChangeRefusal } from '../../http/change-refusal.js';
import type { Exchange, ExchangeStep } from '../../http/exchange.js';
import { ANSWER_POLICY, setSecurityHeaders } from '../../http/security-headers.js';
import type { AccessMethod, Refused } from '../admission.js';
import type { ChangeLimit } from './change-limit.js';
import type { DoorBook } from './door-book.js';

/** What stands behind a door, as far as the door differs by it. */
export interface DoorPlace {
  /** What the list of what operators did calls it: `rest`, `console`, `board`. */
  readonly via: string;
  /** How whoever asks is found out. */
  readonly access: AccessMethod;
  /** Content-Security-Policy of what is answered. Default: that of answers that are no page. */
  readonly policy?: readonly string[];
  /** Writes a refusal as clients of the place read it. */
  readonly refuse: (exchange: Exchange, refused: Refused) => void;
  /** Whether it may be asked for a change from there. Default: {@link changeRefusal}. */
  readonly changes?: (request: IncomingMessage) => ChangeRefusal | null;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * The one way in: our headers, then whether another site asks, then who asks, then whether they may. What is behind sees requests that passed
 * all of it, with the operator in the exchange.
 */
export class Door {
  readonly #logger = new SafeLogger('Operations');

  constructor(
    private readonly place: DoorPlace,
    private readonly limit: ChangeLimit,
    private readonly book: DoorBook,
  ) {}

  /** Puts the door before what answers. */
  before(answer: ExchangeStep): ExchangeStep {
    return async (exchange) => {
      setSecurityHeaders(exchange.response, this.place.policy ?? ANSWER_POLICY);
      try {
        const refused = await this.#admitted(exchange);
        if (refused === null) return await this.#pass(exchange, answer);
        if (refused !== 'answered') this.#refuse(exchange, refused);
      } catch (error) {
        this.#fail(exchange, error);
      }
      return true;
    };
  }

  /** For what answers by itself: lets a request in, or says why not. Of a change it is written down what became of it. */
  async admit(exchange: Exchange): Promise<Refused | 'answered' | null> {
    const refused = await this.#admitted(exchange);
    if (refused === null && exchange.isChange) this.book.watch(exchange, this.place.via);
    return refused;
  }

  async #admitted(exchange: Exchange): Promise<Refused | 'answered' | null> {
    const refused = await this.#refusalOf(exchange);
    if (refused !== null && refused !== 'answered') this.book.refused(exchange, this.place.via, refused);
    return refused;
  }

  async #pass(exchange: Exchange, answer: ExchangeStep): Promise<boolean> {
    if (!exchange.isChange) return answer(exchange);
    return this.book.change(exchange, this.place.via, async () => answer(exchange));
  }

  async #refusalOf(exchange: Exchange): Promise<Refused | 'answered' | null> {
    const { access, changes = changeRefusal } = this.place;
    const foreign = changes(exchange.request);
    if (foreign !== null) return refusedFor(foreign);
    const admission = await access.ask(exchange);
    if (admission === 'answered') return admission;
    if ('refused' in admission) return admission.refused;
    exchange.letIn(admission.visitor);
    return refusedByRole(exchange) ?? refusedByMethod(exchange) ?? this.#refusedByLimit(exchange);
  }

  #refusedByLimit({ isChange, visitor }: Exchange): Refused | null {
    const seconds = isChange ? this.limit.take(visitor.name) : 0;
    if (seconds === 0) return null;
    const detail = `You have asked for 60 changes within a minute. Try again in ${seconds} s.`;
    return { status: 429, code: 'TOO_MANY_CHANGES', detail, headers: { 'Retry-After': String(seconds) } };
  }

  #refuse(exchange: Exchange, refused: Refused): void {
    const { response } = exchange;
    if (response.headersSent || response.destroyed) return;
    for (const [name, value] of Object.entries(refused.headers ?? {})) response.setHeader(name, value);
    this.place.refuse(exchange, refused);
  }

  /** Whoever asked learns nothing of a fault but that there was one. */
  #fail(exchange: Exchange, error: unknown): void {
    this.#logger.error(
      `A request to the operations failed: ${exchange.method}.`,
      error instanceof Error ? error.stack : String(error),
    );
    this.#refuse(exchange, {
      status: 500,
      code: 'FAILED',
      detail: 'That failed; the log of the app says why.',
    });
  }
}

function refusedFor({ status, reason }: ChangeRefusal): Refused {
  return { status, code: status === 415 ? 'UNSUPPORTED_MEDIA_TYPE' : 'OTHER_SITE', detail: reason };
}

function refusedByRole({ isChange, visitor }: Exchange): Refused | null {
  if (!isChange || visitor.role === 'operator') return null;
  return { status: 403, code: 'VIEWER', detail: 'You may look and change nothing: your role is viewer.' };
}

function refusedByMethod({ method }: Exchange): Refused | null {
  if (METHODS.includes(method)) return null;
  const detail = `Send one of ${METHODS.join(', ')}.`;
  return { status: 405, code: 'METHOD_NOT_ALLOWED', detail, headers: { Allow: METHODS.join(', ') } };
}
