import type { ConnectionOptions } from 'node:tls';
import { kindThat } from '../../../kernel/values/kind.js';
import {
  address,
  flag,
  matching,
  milliseconds,
  record,
  secret,
  text,
  wholeNumber,
} from '../../../kernel/values/kinds.js';
import { defaulted, optional, required, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf, ReadOptions } from '../../../kernel/values/options.js';
import type { SharedRate } from '../../jobs/flow/rate.js';
import { sharedRate } from '../shared/shared-rate.js';

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
  /** How many mails the server takes, from `defineRate`. Default: any number. */
  readonly rate?: SharedRate;
}

const ADDRESS = /^[^\s\p{C}<>()[\]\\,;:"@]{1,64}@[^\s\p{C}<>()[\]\\,;:"@]{1,255}$/u;

/** Whether a text is exactly one plain address: no name, no list, nothing that could start another header or command. */
export function isMailAddress(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 254 && ADDRESS.test(text);
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
  fromName: optional(matching('a name without control characters', /^\P{C}*$/u)),
  replyTo: optional(MAIL_ADDRESS),
  maxConnections: defaulted(wholeNumber(1), 5),
  maxMessagesPerConnection: defaulted(wholeNumber(1), 100),
  connectTimeoutMs: defaulted(milliseconds(1), 10_000),
  socketTimeoutMs: defaulted(milliseconds(1), 15_000),
  rate: optional(sharedRate()),
} satisfies FieldsOf<SmtpOptions>;

/** Options with every default filled in. */
export type ResolvedSmtpOptions = Readonly<ReadOptions<typeof FIELDS>>;

/** @throws InvalidConfigurationError listing every mistake; never with a password */
export function resolveSmtpOptions(options: SmtpOptions): ResolvedSmtpOptions {
  return resolveOptions('SmtpEmailChannel', options, FIELDS, (issues, { url, host, user, password }) => {
    issues.unless((url === undefined) !== (host === undefined), 'host', 'give either "url" or "host"');
    const isBoth = (user === undefined) === (password === undefined);
    issues.unless(isBoth, 'password', 'give "user" and "password" together');
  });
}
