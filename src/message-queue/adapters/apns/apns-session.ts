import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { ConnectionOptions } from 'node:tls';
import { inRootContext } from '../../../kernel/host/root-context.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { StreamSlots } from './stream-slots.js';

const MAX_ANSWER_BYTES = 16_384;
/** What has been silent for longer is asked whether it is still there before it is used. */
const IDLE_MS = 60_000;
const PING_TIMEOUT_MS = 3_000;

/** One push as it goes over the wire. */
export interface ApnsRequest {
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

/** What is kept of an answer. */
export interface ApnsAnswer {
  readonly status: number;
  /** A word of Apple's table. */
  readonly reason?: string;
  readonly apnsId?: string;
  readonly retryAfter?: string;
}

/** The connection took nothing of a push: it may go over another one. */
export class NothingSentError extends Error {}

/** The connection was ended, and why, as a word of Apple's table. */
export class ConnectionEndedError extends Error {
  constructor(readonly reason: string | undefined) {
    super(`The connection was ended (${reason ?? 'no reason'}).`);
  }
}

/** One HTTP/2 connection to APNs. */
export class ApnsSession {
  private readonly slots = new StreamSlots(() => this.session.remoteSettings.maxConcurrentStreams ?? 1);
  private heardAt = Date.now();
  private asked: Promise<boolean> | null = null;
  private endReason: string | undefined;

  private constructor(
    private readonly session: ClientHttp2Session,
    private readonly onRetired: () => void,
  ) {
    session
      .on('goaway', (_code, _last, data?: Uint8Array) => {
        this.endReason = reasonIn(Buffer.from(data ?? []).toString());
        this.retire();
      })
      .on('remoteSettings', () => this.slots.limitChanged())
      .on('close', () => this.retire())
      // Each of its pushes hears of it.
      .on('error', () => this.retire());
    session.unref();
  }

  /**
   * Connects, in nobody's request.
   * @param onRetired called, perhaps several times, when it takes no more pushes; those that it has are answered still
   * @throws the connection's error, or the signal's reason
   */
  static async open(
    origin: string,
    options: ConnectionOptions,
    signal: AbortSignal,
    onRetired: () => void,
  ): Promise<ApnsSession> {
    const session = inRootContext(() => connect(origin, options));
    try {
      // How many pushes it takes at once is not known before.
      await untilAborted(firstSettings(session), signal);
      return new ApnsSession(session, onRetired);
    } catch (error) {
      session.on('error', () => undefined).destroy();
      throw error;
    }
  }

  /** @throws NothingSentError, the connection's error, or the signal's reason */
  async request(request: ApnsRequest, signal: AbortSignal): Promise<ApnsAnswer> {
    const isDoubtful = this.asked !== null || Date.now() - this.heardAt > IDLE_MS;
    if (isDoubtful && !(await untilAborted(this.isAlive(), signal))) throw new NothingSentError();
    if (!(await this.slots.take(signal))) throw new NothingSentError();
    this.session.ref();
    try {
      const answer = await this.exchange(request, signal);
      this.heardAt = Date.now();
      return answer;
    } finally {
      this.slots.free();
      if (this.slots.areFree) this.session.unref();
    }
  }

  /** Asks the server whether it is there; a connection that is silent ends. Who comes meanwhile waits for the same answer. */
  async isAlive(): Promise<boolean> {
    this.asked ??= this.answersPing().finally(() => (this.asked = null));
    return this.asked;
  }

  /** Takes no more pushes, and closes once those that it has are answered. */
  retire(): void {
    this.onRetired();
    this.slots.close();
    if (!this.session.closed && !this.session.destroyed) this.session.close();
  }

  /** Ends it at once. */
  destroy(): void {
    this.retire();
    this.session.destroy();
  }

  private async answersPing(): Promise<boolean> {
    const isAlive = await new Promise<boolean>((resolve) => {
      const silent = setTimeout(() => resolve(false), PING_TIMEOUT_MS);
      const done = (error: Error | null): void => {
        clearTimeout(silent);
        resolve(error === null);
      };
      try {
        if (!this.session.ping(done)) done(new Error('No more pings.'));
      } catch (error) {
        done(error as Error);
      }
    });
    if (isAlive) this.heardAt = Date.now();
    else this.destroy();
    return isAlive;
  }

  private async exchange({ headers, body }: ApnsRequest, signal: AbortSignal): Promise<ApnsAnswer> {
    signal.throwIfAborted();
    let stream: ClientHttp2Stream;
    try {
      stream = this.session.request(headers, { signal });
    } catch {
      throw new NothingSentError();
    }
    try {
      return await answerTo(stream, body);
    } catch (error) {
      signal.throwIfAborted();
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) throw new NothingSentError();
      throw this.endReason === undefined ? error : new ConnectionEndedError(this.endReason);
    }
  }
}

function firstSettings(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session
      .once('remoteSettings', () => resolve())
      .once('error', reject)
      .once('close', () =>
        reject(Object.assign(new Error('Closed before it began'), { code: 'ECONNRESET' })),
      );
  });
}

function answerTo(stream: ClientHttp2Stream, body: string): Promise<ApnsAnswer> {
  return new Promise((resolve, reject) => {
    let head: Omit<ApnsAnswer, 'reason'> | null = null;
    let text = '';
    stream
      .setEncoding('utf8')
      .on('response', (headers) => {
        const [apnsId, retryAfter] = [headers['apns-id'], headers['retry-after']];
        head = {
          status: headers[':status'] ?? 0,
          ...(typeof apnsId === 'string' && { apnsId: apnsId.slice(0, 64) }),
          ...(typeof retryAfter === 'string' && { retryAfter }),
        };
      })
      .on('data', (part: string) => {
        text = `${text}${part}`.slice(0, MAX_ANSWER_BYTES);
      })
      .on('error', reject)
      .on('close', () => {
        if (head === null)
          reject(Object.assign(new Error('Closed without an answer'), { code: 'ECONNRESET' }));
        else resolve({ ...head, ...reasonField(text) });
      });
    stream.end(body);
  });
}

function reasonField(text: string): Pick<ApnsAnswer, 'reason'> {
  const reason = reasonIn(text);
  return reason === undefined ? {} : { reason };
}

/** The word in `{"reason":"…"}`; what is no word is left out, errors would quote it. */
function reasonIn(text: string): string | undefined {
  return /"reason"\s*:\s*"([A-Za-z]{1,60})"/.exec(text)?.[1];
}
