import type { ConnectionOptions } from 'node:tls';
import { kindThat } from '../../../kernel/values/kind.js';
import {
  address,
  flag,
  matching,
  milliseconds,
  oneOf,
  record,
  secret,
  text,
  wholeNumber,
} from '../../../kernel/values/kinds.js';
import { defaulted, optional, required, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf, ReadOptions } from '../../../kernel/values/options.js';
import type { SharedRate } from '../../jobs/flow/rate.js';
import { sharedRate } from '../shared/shared-rate.js';
import { isMailAddress } from './mail-address.js';

/** How to reach the mail server and who the mails are from. */
export interface SmtpOptions {
  /** `smtp://user:password@host:587` or `smtps://…:465`, without parameters. Instead of `host`. */
  readonly url?: string;
  readonly host?: string;
  /** Default 587, with `secure` 465. */
  readonly port?: number;
  /** TLS from the first byte. Default false: STARTTLS when the server offers it. */
  readonly secure?: boolean;
  /**
   * Refuses to talk without TLS. Default: true where there is a password, else false. `false` with a password sends the password, and the
   * mails, in the clear to a server that offers no TLS, and to whoever on the way takes the offer out.
   */
  readonly requireTls?: boolean;
  readonly user?: string;
  readonly password?: string;
  /** For example a CA of your own. */
  readonly tls?: ConnectionOptions;
  /** Sender's address, of any script; one whose name, before the `@`, is not ASCII needs a server with SMTPUTF8. */
  readonly from: string;
  /** Sender's name. Default none. */
  readonly fromName?: string;
  /** Address for answers. Default none. */
  readonly replyTo?: string;
  /** What becomes of a subject of more than 900 characters: refused when the mail is added, or cut between two characters. Default `refuse`. */
  readonly overlong?: 'refuse' | 'shorten';
  /** Largest mail that the server takes, text and HTML, encoded, bytes. Default 10 000 000. */
  readonly maxBytes?: number;
  /** Connections of this process. Default 5. */
  readonly maxConnections?: number;
  /** Mails on one connection before it is replaced. Default 100. */
  readonly maxMessagesPerConnection?: number;
  /** To connect and be greeted, milliseconds. Default 10 000. */
  readonly connectTimeoutMs?: number;
  /** Silence in the middle of a conversation, milliseconds. Default 15 000: below the queue's timeout of 20 s. */
  readonly socketTimeoutMs?: number;
  /** How many mails the server takes, from `defineRate`. Default: any number. */
  readonly rate?: SharedRate;
}

const MAIL_ADDRESS = kindThat<string>('one plain mail address, without a name', isMailAddress);

const FIELDS = {
  url: optional(address('smtp', 'smtps')),
  host: optional(text()),
  port: optional(wholeNumber(1, 65_535)),
  secure: optional(flag()),
  requireTls: optional(flag()),
  user: optional(text()),
  password: optional(secret(text())),
  tls: optional(record<ConnectionOptions>()),
  from: required(MAIL_ADDRESS),
  // Format characters belong to names: Persian has some, and so do emoji.
  fromName: optional(matching('a name without control characters', /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u)),
  replyTo: optional(MAIL_ADDRESS),
  overlong: defaulted(oneOf('refuse', 'shorten'), 'refuse'),
  maxBytes: defaulted(wholeNumber(64 * 1024, undefined, 'bytes'), 10_000_000),
  maxConnections: defaulted(wholeNumber(1), 5),
  maxMessagesPerConnection: defaulted(wholeNumber(1), 100),
  connectTimeoutMs: defaulted(milliseconds(1), 10_000),
  socketTimeoutMs: defaulted(milliseconds(1), 15_000),
  rate: optional(sharedRate()),
} satisfies FieldsOf<SmtpOptions>;

/** Options with every default filled in, and everything that the address says in its own place. */
export type ResolvedSmtpOptions = Readonly<Omit<ReadOptions<typeof FIELDS>, 'url'>> & {
  readonly host: string;
  readonly requireTls: boolean;
};

/** @throws InvalidConfigurationError listing every mistake; never with a password */
export function resolveSmtpOptions(options: SmtpOptions): ResolvedSmtpOptions {
  const { url, ...given } = resolveOptions('SmtpEmailChannel', options, FIELDS, (issues, written) => {
    const isOne = (written.url === undefined) !== (written.host === undefined);
    issues.unless(isOne, 'host', 'give either "url" or "host"');
    const isBoth = (written.user === undefined) === (written.password === undefined);
    issues.unless(isBoth, 'password', 'give "user" and "password" together');
    const parts = partsOf(written.url);
    // nodemailer reads any option there, such as ignoreTLS and logger, past what is checked here.
    issues.unless(
      parts?.search === '' || parts === null,
      'url',
      'has parameters after "?", which nothing reads: give them as options',
    );
    const isSignIn = parts === null || (parts.username === '') === (parts.password === '');
    issues.unless(isSignIn, 'url', 'has a user without a password, or a password without a user');
  });
  const parts = partsOf(url);
  const signIn =
    parts === null || parts.username === ''
      ? {}
      : { user: decoded(parts.username), password: decoded(parts.password) };
  const resolved = {
    ...signIn,
    ...(parts !== null && { host: hostOf(parts), secure: parts.protocol === 'smtps:' }),
    ...(parts !== null && parts.port !== '' && { port: Number(parts.port) }),
    ...given,
  };
  return Object.freeze({
    ...resolved,
    host: resolved.host ?? '',
    requireTls: given.requireTls ?? resolved.password !== undefined,
  });
}

/** Null where there is no address, or none that can be read: that is an issue of its own. */
function partsOf(url: unknown): URL | null {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url) : null;
}

function hostOf({ hostname }: URL): string {
  return decoded(hostname.replace(/^\[(.*)\]$/, '$1'));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
