import { abandonable } from '../../../kernel/host/abandonable.js';
import { errorCodesOf } from '../../../kernel/logging/error-text.js';
import { SystemClock } from '../../../kernel/time/clock.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { CircuitOpenError } from '../../jobs/errors.js';
import type { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { DestinationBusyError } from '../../ports/destination-errors.js';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import type {
  RecallAnnouncement,
  TransportMessage,
  TransportReceipt,
} from '../../ports/messages/message-transport.js';
import { SuppressionChannel, SuppressionReason } from '../../ports/suppressions/suppression.js';
import type { Suppressions } from '../../ports/suppressions/suppressions.js';
import { retryAfterMs } from '../shared/retry-after.js';
import { webhookHeaders } from '../shared/webhook/webhook-headers.js';
import type { WebhookEvent } from '../shared/webhook/webhook-headers.js';
import { checkedAddresses, checkedEndpointUrl } from './endpoint-address.js';
import { postWebhook } from '../shared/webhook/post-webhook.js';
import type { WebhookAnswer } from '../shared/webhook/post-webhook.js';
import { webhookBreakerName } from './webhook-breaker-name.js';
import { WebhookFailedError, WebhookRefusedError } from './webhook-errors.js';
import { deliveryEvent, recallEvent } from './webhook-event.js';
import { verdictOf } from './webhook-verdict.js';
import { resolveWebhookOptions } from './webhook.options.js';
import type { ResolvedWebhookOptions, WebhookEndpoint, WebhookTransportOptions } from './webhook.options.js';

/** An open breaker that asks again this soon is probing: the wait is worth keeping. Longer ones go by the job's own schedule. */
const SOON_MS = 5_000;

/**
 * Delivers by HTTP POST, signed by Standard Webhooks 1.0. An answer 2xx counts as delivered, whatever comes after its status line.
 *
 * An endpoint that takes nothing for now, or is not reached, throws DestinationBusyError: its messages wait without spending attempts, when its
 * `Retry-After` says or by the executor's schedule, for `patienceMs`. 410 is remembered as a suppression of channel `webhook`: nothing more is
 * asked of that URL until somebody lifts it. Each endpoint has a breaker of its own, {@link webhookBreakerName}: one that is down stops
 * nobody else's messages, also not those of its host, and says nothing about the transport.
 */
export class WebhookTransport extends MessageTransport {
  private readonly options: ResolvedWebhookOptions;
  private readonly resolve: WebhookTransportOptions['resolve'];

  /**
   * @param breakers of the app; without them each message asks the endpoint for itself
   * @param suppressions of the app; without them an endpoint that is gone is asked again for the next message
   * @param clock what `Retry-After` with a date is compared to
   * @throws InvalidConfigurationError listing every mistake
   */
  constructor(
    options: WebhookTransportOptions,
    private readonly breakers?: CircuitBreakers,
    private readonly suppressions?: Suppressions,
    private readonly clock: Clock = new SystemClock(),
  ) {
    super();
    this.options = resolveWebhookOptions(options);
    this.resolve = options.resolve;
  }

  /**
   * @throws DestinationBusyError, WebhookRefusedError when it takes this message never, ChannelSettingsError (with CircuitOpenError, of the
   * endpoint's breaker) when the URL or a secret of the endpoint cannot be used, and the signal's reason
   */
  override async deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    signal.throwIfAborted();
    const endpoint = await this.options.endpointOf(message.recipientId, signal);
    if (endpoint === null) return { outcome: 'offline', reached: 0 };
    const suppressed = await this.suppressionOf(endpoint, signal);
    if (suppressed !== null) return { outcome: 'refused', reached: 0, reason: suppressed };
    const status = await this.ask(endpoint, message.recipientId, deliveryEvent(message), signal);
    if (status === 'gone') return { outcome: 'refused', reached: 0, reason: 'The webhook answered 410.' };
    return { outcome: 'delivered', reached: 1 };
  }

  /** Posts `message.recalled`, once. @returns false where the endpoint did not take it; @throws as `deliver` */
  override async announceRecall(recall: RecallAnnouncement, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const endpoint = await this.options.endpointOf(recall.userId, signal);
    if (endpoint === null || (await this.suppressionOf(endpoint, signal)) !== null) return false;
    return (await this.ask(endpoint, recall.userId, recallEvent(recall), signal)) === 'delivered';
  }

  private async suppressionOf(endpoint: WebhookEndpoint, signal: AbortSignal): Promise<string | null> {
    if (this.suppressions === undefined || this.isMisconfigured(endpoint)) return null;
    const [found] = await this.suppressions.findMany(SuppressionChannel.WEBHOOK, [endpoint.url], signal);
    if (found === undefined) return null;
    return `The webhook is suppressed (${found.detail ?? found.reason}); lift that, and it is asked again.`;
  }

  private async ask(
    endpoint: WebhookEndpoint,
    recipientId: string,
    event: WebhookEvent,
    signal: AbortSignal,
  ): Promise<'delivered' | 'gone'> {
    const call = async (): Promise<'delivered' | 'gone'> => {
      const url = checkedEndpointUrl(endpoint, this.options);
      return this.judged(await this.post(url, endpoint, event, signal));
    };
    const verdict = await this.guarded(endpoint, call, signal);
    if (verdict === 'gone') {
      const dead = { channel: SuppressionChannel.WEBHOOK, destination: endpoint.url, recipientId };
      const why = { reason: SuppressionReason.GONE, detail: 'HTTP 410' };
      await this.suppressions?.suppress({ ...dead, ...why }, signal);
    }
    return verdict;
  }

  private async guarded<T>(
    endpoint: WebhookEndpoint,
    call: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const name = webhookBreakerName(endpoint.url);
    try {
      return await (this.breakers?.run(name, abandonable(call), { signal }) ?? call());
    } catch (error) {
      const { patienceMs } = this.options;
      if (error instanceof WebhookFailedError) {
        throw new DestinationBusyError(error.message, error.retryAfterMs, patienceMs);
      }
      // What is wrong with its settings is not mended by the endpoint: such a job waits for as long as that takes.
      if (!(error instanceof CircuitOpenError) || this.isMisconfigured(endpoint)) throw error;
      const waitMs = error.retryAfterMs <= SOON_MS ? Math.max(error.retryAfterMs, 1) : null;
      throw new DestinationBusyError(
        'The webhook failed several times in a row: it is left alone for now.',
        waitMs,
        patienceMs,
      );
    }
  }

  private isMisconfigured(endpoint: WebhookEndpoint): boolean {
    try {
      checkedEndpointUrl(endpoint, this.options);
      return false;
    } catch {
      return true;
    }
  }

  private async post(
    url: URL,
    endpoint: WebhookEndpoint,
    event: WebhookEvent,
    signal: AbortSignal,
  ): Promise<WebhookAnswer> {
    const { timeoutMs, maxResponseBytes } = this.options;
    const headers = webhookHeaders(endpoint.secrets, event);
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    try {
      const addresses = await untilAborted(checkedAddresses(url, this.options, this.resolve), either);
      const { body } = event;
      return await postWebhook({ url, addresses, headers, body, maxResponseBytes, signal: either });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof WebhookFailedError) throw error;
      if (timeout.aborted) throw new WebhookFailedError(`The webhook did not answer within ${timeoutMs} ms.`);
      throw new WebhookFailedError(`The webhook was not reached (${errorCodesOf(error)}).`, null, error);
    }
  }

  private judged(answer: WebhookAnswer): 'delivered' | 'gone' {
    const verdict = verdictOf(answer);
    const { status } = answer;
    if (verdict === 'message') {
      throw new WebhookRefusedError(`The webhook answered ${status}: it will never take this message.`);
    }
    if (verdict !== 'busy') return verdict;
    const waitMs = retryAfterMs(answer.retryAfter, this.clock.now(), this.options.maxRetryAfterMs);
    const redirect = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
    throw new WebhookFailedError(`The webhook answered ${status}${redirect}.`, waitMs);
  }
}
