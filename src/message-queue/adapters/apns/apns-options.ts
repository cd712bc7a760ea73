import { createPrivateKey } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { kind, kindThat, Refusal } from '../../../kernel/values/kind.js';
import { matching, milliseconds, oneOf, record, secret } from '../../../kernel/values/kinds.js';
import { defaulted, optional, required, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf, ReadOptions } from '../../../kernel/values/options.js';
import { overlongPush } from '../shared/push/fitted-push.js';
import type { OverlongPush } from '../shared/push/fitted-push.js';

/** The app that pushes go to, and the key that says that we may. */
export interface ApnsOptions {
  /** Ten characters, from the membership page of the Apple developer account. */
  readonly teamId: string;
  /** Ten characters, of the key. */
  readonly keyId: string;
  /** The content of the key's `.p8` file (PEM). */
  readonly privateKey: string;
  /** The app's bundle id. */
  readonly topic: string;
  /** Where the app's build gets its tokens from: `development` for builds from Xcode. Default `production`. */
  readonly environment?: 'production' | 'development';
  /** Instead of Apple's server for the environment: a relay of your own, `https://…`. */
  readonly baseUrl?: string;
  /** Of the connection: a `ca` of your own, for example. */
  readonly connection?: ConnectionOptions;
  /** To the end of the answer, connecting included, milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** What becomes of a push of more than 4 096 bytes. Default `refuse`. */
  readonly overlong?: OverlongPush;
}

const ORIGINS = {
  production: 'https://api.push.apple.com',
  development: 'https://api.sandbox.push.apple.com',
} as const;

const TEN_CHARACTERS = matching('ten letters and digits', /^[A-Za-z0-9]{10}$/);
const ORIGIN = kind<string>('https://… without a path', (value) => {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null;
  const isOrigin =
    url?.protocol === 'https:' && url.username === '' && url.pathname === '/' && url.search === '';
  return isOrigin ? url.origin : new Refusal();
});

const FIELDS = {
  teamId: required(TEN_CHARACTERS),
  keyId: required(TEN_CHARACTERS),
  privateKey: required(
    secret(kindThat<string>('a private key on the curve P-256 as PEM, the content of a .p8 file', isP256)),
  ),
  topic: required(matching('a bundle id such as "com.example.chat"', /^[A-Za-z0-9.-]{1,255}$/)),
  environment: defaulted(oneOf('production', 'development'), 'production'),
  baseUrl: optional(ORIGIN),
  connection: optional(record<ConnectionOptions>()),
  timeoutMs: defaulted(milliseconds(1), 10_000),
  overlong: defaulted(overlongPush(), 'refuse'),
} satisfies FieldsOf<ApnsOptions>;

/** Options with every default filled in. */
export type ResolvedApnsOptions = Readonly<ReadOptions<typeof FIELDS>> & {
  /** The server that pushes go to. */
  readonly origin: string;
};

/** @throws InvalidConfigurationError listing every mistake, never with the key */
export function resolveApnsOptions(options: ApnsOptions): ResolvedApnsOptions {
  const resolved = resolveOptions('ApnsPushChannel', options, FIELDS);
  return { ...resolved, origin: resolved.baseUrl ?? ORIGINS[resolved.environment] };
}

function isP256(value: unknown): boolean {
  try {
    const key = createPrivateKey(typeof value === 'string' ? value : '');
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}
