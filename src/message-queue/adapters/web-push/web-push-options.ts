import type { Agent } from 'node:https';
import { kindThat } from '../../../kernel/values/kind.js';
import type { Kind } from '../../../kernel/values/kind.js';
import { matching, milliseconds, record, wholeNumber } from '../../../kernel/values/kinds.js';
import { defaulted, optional, required, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf, ReadOptions } from '../../../kernel/values/options.js';
import { overlongPush } from '../shared/push/fitted-push.js';
import type { OverlongPush } from '../shared/push/fitted-push.js';
import { kindOf } from '../../../kernel/values/words.js';

/** Who we are to the push services (VAPID, RFC 8292), and which of them we talk to. */
export interface WebPushOptions {
  /** How a push service reaches you: `mailto:…` or `https://…`. */
  readonly subject: string;
  /** 65 bytes, base64url; the browser subscribes with it. Generate both with `npx web-push generate-vapid-keys`. */
  readonly publicKey: string;
  /** 32 bytes, base64url. */
  readonly privateKey: string;
  /**
   * Push services that subscriptions may name; `*.` stands for any host below. A subscription comes from a browser, so without
   * this list anyone could have this process send requests into your network. Default: those of Chrome, Edge, Firefox and Safari.
   */
  readonly allowedHosts?: readonly string[];
  /** How long a push service keeps a push that has no `ttlMs` for a device that is away, seconds. Default 4 weeks. */
  readonly defaultTtlSeconds?: number;
  /** To the end of the answer, milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** What becomes of a push of more than 3 993 bytes, which no push service has to take. Default `refuse`. */
  readonly overlong?: OverlongPush;
  /** For a proxy or a CA of your own. Default: an agent that keeps connections. */
  readonly agent?: Agent;
}

/** Hosts of the browsers' own push services. */
export const PUBLIC_PUSH_SERVICES: readonly string[] = [
  'fcm.googleapis.com',
  '*.push.services.mozilla.com',
  '*.notify.windows.com',
  '*.push.apple.com',
];

const base64Url = (bytes: number): Kind<string> =>
  kindThat(`${bytes} bytes in base64url`, (value) => byteLength(value) === bytes, { show: kindOf });

const FIELDS = {
  subject: required(matching('mailto:… or https://…', /^(mailto:\S+@\S+|https:\/\/\S+)$/)),
  publicKey: required(base64Url(65)),
  privateKey: required(base64Url(32)),
  allowedHosts: defaulted(
    kindThat<readonly string[]>(
      'a list of at least one host; without one, nothing could be sent',
      (value) => Array.isArray(value) && value.length > 0,
    ),
    PUBLIC_PUSH_SERVICES,
  ),
  defaultTtlSeconds: defaulted(wholeNumber(0, undefined, 'seconds'), 2_419_200),
  timeoutMs: defaulted(milliseconds(1), 10_000),
  overlong: defaulted(overlongPush(), 'refuse'),
  agent: optional(record<Agent>('an Agent of node:https')),
} satisfies FieldsOf<WebPushOptions>;

/** Options with every default filled in. */
export type ResolvedWebPushOptions = Readonly<ReadOptions<typeof FIELDS>>;

/** @throws InvalidConfigurationError listing every mistake, never with a key */
export function resolveWebPushOptions(options: WebPushOptions): ResolvedWebPushOptions {
  return resolveOptions('WebPushChannel', options, FIELDS);
}

/** Bytes of a text in base64url; -1 when it is not base64url. */
function byteLength(text: unknown): number {
  return typeof text === 'string' && /^[A-Za-z0-9_-]+$/.test(text)
    ? Buffer.from(text, 'base64url').length
    : -1;
}
