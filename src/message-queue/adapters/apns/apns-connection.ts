import { untilAborted } from '../../../kernel/time/until-aborted.js';
import type { ResolvedApnsOptions } from './apns-options.js';
import { ApnsSession, NothingSentError } from './apns-session.js';
import type { ApnsAnswer, ApnsRequest } from './apns-session.js';

/** A push that a connection took nothing of goes over so many connections at most. */
const MOST_CONNECTIONS = 3;

/** The one connection that is kept for all pushes; the next push opens another one after it has ended, or goes away. */
export class ApnsConnection {
  private current: Promise<ApnsSession> | null = null;

  constructor(private readonly options: Pick<ResolvedApnsOptions, 'origin' | 'connection' | 'timeoutMs'>) {}

  /** @throws the connection's error, or the signal's reason */
  async request(request: ApnsRequest, signal: AbortSignal): Promise<ApnsAnswer> {
    for (let connections = 1; ; connections += 1) {
      const session = await untilAborted(this.session(), signal);
      try {
        return await session.request(request, signal);
      } catch (error) {
        // Perhaps it is the connection that is silent; whoever comes next should not find out the same way.
        if (signal.aborted) void session.isAlive();
        if (!(error instanceof NothingSentError) || connections === MOST_CONNECTIONS) throw error;
      }
    }
  }

  /** The next push goes over a new connection; what is on its way is answered over the old one. */
  async renew(): Promise<void> {
    const retired = this.current;
    this.current = null;
    (await retired?.catch(() => null))?.retire();
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    const ended = this.current;
    this.current = null;
    (await ended?.catch(() => null))?.destroy();
  }

  private session(): Promise<ApnsSession> {
    if (this.current !== null) return this.current;
    const { origin, connection = {}, timeoutMs } = this.options;
    const forget = (): void => {
      if (this.current === opening) this.current = null;
    };
    // Of all who wait for it: none of their signals ends it.
    const opening = ApnsSession.open(origin, connection, AbortSignal.timeout(timeoutMs), forget);
    this.current = opening;
    opening.catch(forget);
    return opening;
  }
}
