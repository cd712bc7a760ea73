import type { Agent } from 'node:https';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import type { Issue } from '../../../kernel/errors.js';

/** Who we are to the push services (VAPID, RFC 8292), and which of them we talk to. */
export interface WebPushOptions {
  /** How a push service reaches you: `mailto:…` or `https://…`. */
  readonly subject: string;
  /** 65 bytes, base64url; the browser subscribes with it. Make both with `npx web-push generate-vapid-keys`. */
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

const DEFAULTS = {
  allowedHosts: PUBLIC_PUSH_SERVICES,
  defaultTtlSeconds: 2_419_200,
  timeoutMs: 10_000,
} as const;

/** Options with every default filled in. */
export type ResolvedWebPushOptions = WebPushOptions & Required<Pick<WebPushOptions, keyof typeof DEFAULTS>>;

/** @throws InvalidConfigurationError listing every mistake, never with a key */
export function resolveWebPushOptions(options: WebPushOptions): ResolvedWebPushOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved = { ...DEFAULTS, ...(given as unknown as WebPushOptions) };
  const issues: Issue[] = [];
  const check = (path: keyof WebPushOptions, isFine: boolean, message: string): void => {
    if (!isFine) issues.push({ path, message });
  };
  check(
    'subject',
    /^(mailto:\S+@\S+|https:\/\/\S+)$/.test(resolved.subject),
    'is neither mailto:… nor https://…',
  );
  check('publicKey', byteLength(resolved.publicKey) === 65, 'is not 65 bytes in base64url');
  check('privateKey', byteLength(resolved.privateKey) === 32, 'is not 32 bytes in base64url');
  check('allowedHosts', resolved.allowedHosts.length > 0, 'is empty: nothing could be sent');
  check('defaultTtlSeconds', isWhole(resolved.defaultTtlSeconds, 0), 'is no whole number of seconds');
  check('timeoutMs', isWhole(resolved.timeoutMs, 1), 'is no whole number from 1');
  if (issues.length > 0)
    throw new InvalidConfigurationError('The options of WebPushChannel are wrong:', issues);
  return Object.freeze(resolved);
}

/** Bytes of a text in base64url; -1 when it is none. */
export function byteLength(text: unknown): number {
  return typeof text === 'string' && /^[A-Za-z0-9_-]+$/.test(text)
    ? Buffer.from(text, 'base64url').length
    : -1;
}

function isWhole(value: number, min: number): boolean {
  return Number.isInteger(value) && value >= min;
}
