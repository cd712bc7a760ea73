import { createHash } from 'node:crypto';
import { CircuitOpenError, RetryLater } from '../../jobs/errors.js';
import type { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import type {
  RecallAnnouncement,
  TransportMessage,
  TransportReceipt,
} from '../../ports/messages/message-transport.js';
import { abandonable } from '../../../kernel/host/abandonable.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { checkedAddresses, parseEndpointUrl } from './endpoint-address.js';
import { postWebhook } from './post-webhook.js';
import type { WebhookAnswer } from './post-webhook.js';
import { retryAfterMs } from '../shared/retry-after.js';
import { WebhookFailedError, WebhookRefusedError } from './webhook-errors.js';
import { problemWithSecrets, signWebhook, WebhookHeader } from './webhook-signature.js';
import { resolveWebhookOptions } from './webhook.options.js';
import type { ResolvedWebhookOptions, WebhookEndpoint, WebhookTransportOptions } from './webhook.options.js';

/** Answers that say "not now" rather than "no". */
const NOT_NOW = new Set([408, 425, 429]);

/**
 * Delivers by HTTP POST, signed by Standard Webhooks 1.0. An answer 2xx counts as delivered.
 *
 * 408, 425, 429 and 5xx are tried again, after their `Retry-After` when they name one; 3xx and every other 4xx make a dead letter.
 * Each host has a breaker of its own, `webhook:<host>`, so that one that is down stops nobody else's messages: what it answers,
 * or that it does not, says nothing about the transport. Its messages wait without spending attempts, at most `patienceMs`.
 */
export class WebhookTransport extends MessageTransport {
  private readonly options: ResolvedWebhookOptions;
  private readonly resolve: WebhookTransportOptions['resolve'];

  /**
   * @param breakers of the app; without them a failure counts for the breaker of whoever calls
   * @throws InvalidConfigurationError listing every mistake
   */
  constructor(
    options: WebhookTransportOptions,
    private readonly breakers?: CircuitBreakers,
  ) {
    super();
    this.options = resolveWebhookOptions(options);
    this.resolve = options.resolve;
  }

  /** @throws WebhookRefusedError, WebhookFailedError, RetryLater, CircuitOpenError, or the connection's error (worth a retry) */
  override async deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    signal.throwIfAborted();
    const endpoint = await this.options.endpointOf(message.recipientId, signal);
    if (endpoint === null) return { outcome: 'offline', reached: 0 };
    const url = parseEndpointUrl(endpoint.url, this.options);
    const call = async (): Promise<void> =>
      this.judge(await this.post(url, endpoint, deliveryOf(message), signal), message);
    await this.guarded(url, call, message, signal);
    return { outcome: 'delivered', reached: 1 };
  }

  /** Posts `message.recalled`, once. @throws WebhookRefusedError, WebhookFailedError, or the connection's error */
  override async announceRecall(recall: RecallAnnouncement, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const endpoint = await this.options.endpointOf(recall.userId, signal);
    if (endpoint === null) return false;
    const url = parseEndpointUrl(endpoint.url, this.options);
    const { status } = await this.post(url, endpoint, recallOf(recall), signal);
    return isAccepted(status);
  }

  private async guarded(
    url: URL,
    call: () => Promise<void>,
    message: TransportMessage,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.breakers === undefined) return call();
    try {
      await this.breakers.run(`webhook:${url.host}`, abandonable(call), { signal });
    } catch (error) {
      if (!(error instanceof CircuitOpenError) || this.hasPatience(message, error.retryAfterMs)) throw error;
      throw new WebhookFailedError(`The webhook host "${url.hostname}" is down; nothing was sent.`);
    }
  }

  private async post(
    url: URL,
    endpoint: WebhookEndpoint,
    event: WebhookEvent,
    signal: AbortSignal,
  ): Promise<WebhookAnswer> {
    const { timeoutMs, maxResponseBytes } = this.options;
    const { body } = event;
    const headers = headersOf(endpoint, event);
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    try {
      const addresses = await untilAborted(checkedAddresses(url, this.options, this.resolve), either);
      return await postWebhook({ url, addresses, headers, body, maxResponseBytes, signal: either });
    } catch (error) {
      signal.throwIfAborted();
      if (!timeout.aborted) throw error;
      throw new WebhookFailedError(
        `The webhook host "${url.hostname}" did not answer within ${timeoutMs} ms.`,
      );
    }
  }

  private judge({ status, retryAfter }: WebhookAnswer, message: TransportMessage): void {
    if (isAccepted(status)) return;
    const isNotNow = NOT_NOW.has(status);
    if (!isNotNow && status < 500) {
      const why = status < 400 ? 'a redirect, and redirects are not followed' : 'which no retry changes';
      throw new WebhookRefusedError(`The webhook answered ${status}, ${why}.`);
    }
    const waitMs = retryAfterMs(retryAfter, Date.now(), this.options.maxRetryAfterMs);
    if (waitMs !== null && this.hasPatience(message, waitMs)) {
      throw new RetryLater(waitMs, `The webhook answered ${status} and asked to wait ${waitMs} ms.`);
    }
    throw new WebhookFailedError(`The webhook answered ${status}.`);
  }

  /** Whether a message may wait that long without spending an attempt. */
  private hasPatience(message: TransportMessage, waitMs: number): boolean {
    return Date.now() + waitMs - message.createdAt.getTime() <= this.options.patienceMs;
  }
}

/** One event of Standard Webhooks. */
interface WebhookEvent {
  /** The same in every repeat. */
  readonly id: string;
  readonly body: string;
}

function isAccepted(status: number): boolean {
  return status >= 200 && status < 300;
}

function deliveryOf(message: TransportMessage): WebhookEvent {
  const { messageId, senderId, recipientId, conversationId, content, encrypted, attachments } = message;
  const createdAt = message.createdAt.toISOString();
  const body = JSON.stringify({
    type: 'message.created',
    timestamp: createdAt,
    data: {
      ...{ messageId, senderId, recipientId, conversationId, content, encrypted, attachments },
      createdAt,
    },
  });
  return { id: idOf(messageId, recipientId), body };
}

function recallOf({ messageId, conversationId, userId }: RecallAnnouncement): WebhookEvent {
  const body = JSON.stringify({
    type: 'message.recalled',
    timestamp: new Date().toISOString(),
    data: { messageId, conversationId, userId },
  });
  return { id: idOf(messageId, userId, 'recalled'), body };
}

function headersOf(endpoint: WebhookEndpoint, { id, body }: WebhookEvent): Record<string, string> {
  const problem = problemWithSecrets(endpoint.secrets);
  if (problem !== undefined) {
    throw new WebhookRefusedError(`A secret of the recipient's webhook ${problem}; nothing was sent.`);
  }
  const timestamp = Math.floor(Date.now() / 1_000);
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'nestjs-message-queue',
    [WebhookHeader.ID]: id,
    [WebhookHeader.TIMESTAMP]: String(timestamp),
    [WebhookHeader.SIGNATURE]: endpoint.secrets
      .map((secret) => signWebhook(secret, id, timestamp, body))
      .join(' '),
  };
}

/** One id per recipient, message and event. A digest, since ids of hosts may hold what a header may not. */
function idOf(...names: readonly string[]): string {
  return `msg_${createHash('sha256').update(names.join('\0')).digest('hex').slice(0, 32)}`;
}
