import { kind, Refusal } from '../../../kernel/values/kind.js';
import { flag, matching, milliseconds, secret, text } from '../../../kernel/values/kinds.js';
import { defaulted, optional, required, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf } from '../../../kernel/values/options.js';

/** Where the cluster is and how to sign in. */
export interface ElasticsearchOptions {
  /** `https://host:9200`, with a path if need be; of a coordinating node or a load balancer. */
  readonly url: string;
  /** Name of the index or of an alias with one index to write to. Default `messages`. */
  readonly index?: string;
  /** Base64, as Elasticsearch gives it. */
  readonly apiKey?: string;
  /** Instead of `apiKey`, together with `password`. */
  readonly username?: string;
  readonly password?: string;
  /**
   * Refuses to sign in without TLS. Default true: credentials go to `https://…` and to this machine only. `false` sends them, and every text, in
   * the clear to an `http://…` that is elsewhere.
   */
  readonly requireTls?: boolean;
  /** For one request, milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** Whether to create the index when it does not exist. Default true; false for a user who may not create one. */
  readonly createIndex?: boolean;
  /**
   * Whether a write waits until searches see it (`wait_for`, up to the index's refresh interval, 1 s). Default false: they see it within that
   * interval.
   */
  readonly refresh?: false | 'wait_for';
}

/** Options with their defaults. */
export interface ResolvedElasticsearchOptions {
  /** Without a slash at the end. */
  readonly url: string;
  readonly index: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly requireTls: boolean;
  readonly createIndex: boolean;
  readonly refresh: false | 'wait_for';
}

const INDEX_NAME = matching(
  'lower-case letters, digits, _ - and ., the first a letter or digit',
  /^(?!\.)[a-z0-9][a-z0-9._-]{0,199}$/,
);
/** Read without a slash at the end. It may hold a password, so messages do not show it. */
const URL_KIND = secret(kind<string>('an http:// or https:// address', readUrl));
const REFRESH = kind<false | 'wait_for'>('false or "wait_for"', (value) =>
  value === false || value === 'wait_for' ? value : new Refusal(),
);

const FIELDS = {
  url: required(URL_KIND),
  index: defaulted(INDEX_NAME, 'messages'),
  apiKey: optional(secret(text())),
  username: optional(text()),
  password: optional(secret(text())),
  requireTls: defaulted(flag(), true),
  timeoutMs: defaulted(milliseconds(1, 600_000), 10_000),
  createIndex: defaulted(flag(), true),
  refresh: defaulted(REFRESH, false),
} satisfies FieldsOf<ElasticsearchOptions>;

/** @throws InvalidConfigurationError listing every mistake, without secrets */
export function resolveElasticsearchOptions(options: ElasticsearchOptions): ResolvedElasticsearchOptions {
  const { apiKey, username, password, ...resolved } = resolveOptions(
    'ElasticsearchSearchIndex',
    options,
    FIELDS,
    (issues, given) => {
      const isBoth = (given.username === undefined) === (given.password === undefined);
      issues.unless(isBoth, 'username, password', 'go together');
      const isOne = given.apiKey === undefined || given.username === undefined;
      issues.unless(isOne, 'apiKey, username', 'exclude each other');
      const isOpen = given.apiKey === undefined && given.password === undefined;
      const isSafe = isOpen || given.requireTls === false || !leavesInTheClear(given.url);
      issues.unless(isSafe, 'url', 'must be https:// with apiKey or password, or set requireTls to false');
    },
  );
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  return { ...resolved, headers: { ...headers, ...signIn({ apiKey, username, password }) } };
}

/** Whether what goes there is readable on a network: plain HTTP to another machine. */
function leavesInTheClear(url: unknown): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

function readUrl(given: unknown): string | Refusal {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return new Refusal();
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return new Refusal('without user, query and fragment; use username and password, or apiKey');
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function signIn({ apiKey, username, password }: Partial<ElasticsearchOptions>): { authorization?: string } {
  if (apiKey !== undefined) return { authorization: `ApiKey ${apiKey}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}
