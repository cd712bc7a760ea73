import { code, flag, milliseconds, wholeNumber } from '../../../kernel/values/kinds.js';
import { defaulted, optional, required, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf } from '../../../kernel/values/options.js';
import type { AddressResolver } from '../shared/webhook/endpoint-address.js';
import { DEFAULT_PATIENCE_MS } from '../../ports/destination-errors.js';

/** Where a recipient's messages go. */
export interface WebhookEndpoint {
  /** `https://…`, without user name and password; `http://…` only with `allowHttp`. */
  readonly url: string;
  /**
   * At least 16 bytes each, and not one byte repeated: `whsec_` and base64, or plain text. The first is the current one; further
   * ones sign too, while receivers change theirs.
   */
  readonly secrets: readonly [string, ...string[]];
}

/** How {@link WebhookTransport} calls endpoints. */
export interface WebhookTransportOptions {
  /** The endpoint of a recipient, or null when there is none (the message stays pending). Asked for every delivery. */
  readonly endpointOf: (
    recipientId: string,
    signal: AbortSignal,
  ) => WebhookEndpoint | null | Promise<WebhookEndpoint | null>;
  /** Whether `http://` may be called, where everybody on the way reads the message. Default false. */
  readonly allowHttp?: boolean;
  /** Whether private, loopback and link-local addresses may be called. Default false. */
  readonly allowPrivateAddresses?: boolean;
  /** For everything from the look-up of the name to the end of the answer, milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** How much of an answer's body is read before the connection is cut; the body is never kept. Default 65 536. */
  readonly maxResponseBytes?: number;
  /** The longest wait that a `Retry-After` may ask for, milliseconds. Default 3 600 000. */
  readonly maxRetryAfterMs?: number;
  /**
   * How long a message waits for an endpoint that takes nothing for now, or is not reached, without spending an attempt, milliseconds since its
   * job was due. Default 86 400 000.
   */
  readonly patienceMs?: number;
  /** Finds the addresses of a name. Default: the system's. */
  readonly resolve?: AddressResolver;
}

const FIELDS = {
  endpointOf: required(
    code<WebhookTransportOptions['endpointOf']>('a function that says where the messages of a recipient go'),
  ),
  allowHttp: defaulted(flag(), false),
  allowPrivateAddresses: defaulted(flag(), false),
  timeoutMs: defaulted(milliseconds(1), 10_000),
  maxResponseBytes: defaulted(wholeNumber(1, undefined, 'bytes'), 65_536),
  maxRetryAfterMs: defaulted(milliseconds(1), 3_600_000),
  patienceMs: defaulted(milliseconds(1), DEFAULT_PATIENCE_MS),
  resolve: optional(code<NonNullable<WebhookTransportOptions['resolve']>>('a function of a host name')),
} satisfies FieldsOf<WebhookTransportOptions>;

/** Options with their defaults, `resolve` apart. */
export type ResolvedWebhookOptions = Required<Omit<WebhookTransportOptions, 'resolve'>>;

/** @throws InvalidConfigurationError listing every mistake */
export function resolveWebhookOptions(options: WebhookTransportOptions): ResolvedWebhookOptions {
  return resolveOptions('WebhookTransport', options, FIELDS);
}
