import type { ConnectionOptions } from 'node:tls';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import type { Issue } from '../../../kernel/errors.js';

/** How to reach the mail server and who the mails are from. */
export interface SmtpOptions {
  /** `smtp://user:password@host:587` or `smtps://…:465`. Instead of `host`. */
  readonly url?: string;
  readonly host?: string;
  /** Default 587, with `secure` 465. */
  readonly port?: number;
  /** TLS from the first byte. Default false: STARTTLS when the server offers it. */
  readonly secure?: boolean;
  /** Refuses to talk without TLS. Default false. */
  readonly requireTls?: boolean;
  readonly user?: string;
  readonly password?: string;
  /** For example a CA of your own. */
  readonly tls?: ConnectionOptions;
  /** Sender's address. */
  readonly from: string;
  /** Sender's name. Default none. */
  readonly fromName?: string;
  /** Address for answers. Default none. */
  readonly replyTo?: string;
  /** Connections of this process. Default 5. */
  readonly maxConnections?: number;
  /** Mails on one connection before it is replaced. Default 100. */
  readonly maxMessagesPerConnection?: number;
  /** To connect and be greeted, milliseconds. Default 10 000. */
  readonly connectTimeoutMs?: number;
  /** Silence in the middle of a conversation, milliseconds. Default 15 000: below the queue's timeout of 20 s. */
  readonly socketTimeoutMs?: number;
}

const DEFAULTS = {
  maxConnections: 5,
  maxMessagesPerConnection: 100,
  connectTimeoutMs: 10_000,
  socketTimeoutMs: 15_000,
} as const;

/** Options with every default filled in. */
export type ResolvedSmtpOptions = SmtpOptions & Required<Pick<SmtpOptions, keyof typeof DEFAULTS>>;

const ADDRESS = /^[^\s\p{C}<>()[\]\\,;:"@]{1,64}@[^\s\p{C}<>()[\]\\,;:"@]{1,255}$/u;

/** Whether a text is exactly one plain address: no name, no list, nothing that could start another header or command. */
export function isMailAddress(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 254 && ADDRESS.test(text);
}

/** @throws InvalidConfigurationError listing every mistake; never with the values, they may hold a password */
export function resolveSmtpOptions(options: SmtpOptions): ResolvedSmtpOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved = { ...DEFAULTS, ...(given as unknown as SmtpOptions) };
  const issues: Issue[] = [];
  const check = (path: keyof SmtpOptions, isFine: boolean, message: string): void => {
    if (!isFine) issues.push({ path, message });
  };
  check(
    'url',
    resolved.url === undefined || /^smtps?:\/\/\S+$/.test(resolved.url),
    'is no smtp:// or smtps:// address',
  );
  check(
    'host',
    (resolved.url === undefined) !== (resolved.host === undefined),
    'give either "url" or "host"',
  );
  check('from', isMailAddress(resolved.from), 'is no mail address; give the name apart, as "fromName"');
  check('replyTo', resolved.replyTo === undefined || isMailAddress(resolved.replyTo), 'is no mail address');
  check('fromName', !/\p{C}/u.test(resolved.fromName ?? ''), 'has control characters');
  check(
    'password',
    (resolved.user === undefined) === (resolved.password === undefined),
    'give "user" and "password" together',
  );
  for (const path of [...(Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]), 'port' as const]) {
    const value = resolved[path];
    check(path, value === undefined || (Number.isInteger(value) && value > 0), 'is no whole number from 1');
  }
  if (issues.length > 0)
    throw new InvalidConfigurationError('The options of SmtpEmailChannel are wrong:', issues);
  return Object.freeze(resolved);
}
