import { setTimeout as pause } from 'node:timers/promises';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { errorCodesOf } from '../../../kernel/logging/error-text.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { Issues } from '../../../kernel/values/issues.js';
import { code, flag, sharedSecret, text } from '../../../kernel/values/kinds.js';
import { kind, Refusal } from '../../../kernel/values/kind.js';
import { defaulted, optional, required, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf } from '../../../kernel/values/options.js';
import { allowedAddresses, endpointUrl, NOT_PUBLIC } from '../../adapters/shared/webhook/endpoint-address.js';
import type { AddressResolver, EndpointRules } from '../../adapters/shared/webhook/endpoint-address.js';
import { postWebhook } from '../../adapters/shared/webhook/post-webhook.js';
import { webhookHeaders } from '../../adapters/shared/webhook/webhook-headers.js';
import { secretBytes } from '../../adapters/shared/webhook/webhook-signature.js';
import type { AlertNotice } from '../../jobs/events/alert-notice.js';
import { AlertSink } from '../../ports/alerts/alert-sink.js';
import { AlertSendError } from './alert-send.error.js';
import { noticeId } from './notice-id.js';

/** Where alerts are posted. */
export interface WebhookAlertsOptions extends EndpointRules {
  /** `https://…`, without user name and password; `http://…` only with `allowHttp`. */
  readonly url: string;
  /** At least 24 bytes: `whsec_` and base64, or plain text. Several while they are changed: each signs. */
  readonly secret: string | readonly string[];
  /** Finds the addresses of a name. Default: the system's. */
  readonly resolve?: AddressResolver;
}

const TRIES = 5;
const FIRST_PAUSE_MS = 1_000;
const TIMEOUT_MS = 5_000;
const MOST_ANSWER_BYTES = 65_536;
const SHORTEST_SECRET_BYTES = 24;

const SECRET = sharedSecret(secretBytes, SHORTEST_SECRET_BYTES);
const secrets = kind<readonly string[], string | readonly string[]>(
  SECRET.expected,
  (value) => {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isRight = list.length > 0 && list.every((one) => !(SECRET.read(one) instanceof Refusal));
    return isRight ? (list as readonly string[]) : new Refusal();
  },
  { show: SECRET.show },
);

const FIELDS = {
  url: required(text()),
  secret: required(secrets),
  allowHttp: defaulted(flag(), false),
  allowPrivateAddresses: defaulted(flag(), false),
  resolve: optional(code<AddressResolver>('a function of a host name')),
} satisfies FieldsOf<WebhookAlertsOptions>;

/**
 * Posts alerts to a webhook, signed by Standard Webhooks 1.0: `alert.firing` and `alert.resolved`, whose `data` is the notice. The `webhook-id`
 * is the same in every repeat, so that a receiver drops what it has seen. A try takes 5 s at most; there are 5, and more with the next
 * evaluation. Only public addresses are called, unless you allow others.
 * @throws InvalidConfigurationError listing every mistake; never with the URL or a secret
 */
export function webhookAlerts(options: WebhookAlertsOptions): AlertSink {
  return new WebhookAlertSink(options);
}

class WebhookAlertSink extends AlertSink {
  readonly name: string;
  private readonly url: URL;
  private readonly rules: EndpointRules;
  private readonly secrets: readonly string[];
  private readonly resolve: AddressResolver | undefined;

  constructor(options: WebhookAlertsOptions) {
    super();
    const { url: given, secret, ...rules } = resolveOptions('webhookAlerts', options, FIELDS);
    const url = endpointUrl(given, rules);
    if (typeof url === 'string') {
      const issues = new Issues();
      issues.add('url', url);
      throw new InvalidConfigurationError('The options of webhookAlerts are wrong:', issues.list);
    }
    this.url = url;
    this.name = `webhook:${url.host}`;
    this.secrets = secret as readonly string[];
    this.rules = rules;
    this.resolve = rules.resolve;
  }

  async send(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.post(notice, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (tries === TRIES) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal, ref: false });
      }
    }
  }

  private async post(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const event = { id: noticeId(notice), body: bodyOf(notice) };
    const headers = webhookHeaders(this.secrets, event);
    const status = await this.answer(headers, event.body, either).catch((error: unknown) => {
      if (error instanceof AlertSendError) throw error;
      throw new AlertSendError(`The webhook was not reached (${errorCodesOf(error)}).`, { cause: error });
    });
    if (status < 200 || status >= 300) throw new AlertSendError(`The webhook answered ${status}.`);
  }

  private async answer(
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<number> {
    const { url } = this;
    const addresses = await untilAborted(allowedAddresses(url, this.rules, this.resolve), signal);
    if (addresses === null) {
      throw new AlertSendError(`The name of the webhook's host has an address that ${NOT_PUBLIC}`);
    }
    const maxResponseBytes = MOST_ANSWER_BYTES;
    return (await postWebhook({ url, addresses, headers, body, maxResponseBytes, signal })).status;
  }
}

function bodyOf(notice: AlertNotice): string {
  const { status, since, resolvedAt } = notice;
  return JSON.stringify({ type: `alert.${status}`, timestamp: resolvedAt ?? since, data: notice });
}
