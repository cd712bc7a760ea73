import { InvalidConfigurationError } from '../../../kernel/errors.js';
import type { Issue } from '../../../kernel/errors.js';

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
  /** For one request, milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** Whether to make the index when it is not there. Default true; false for a user without the right to. */
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
  readonly createIndex: boolean;
  readonly refresh: false | 'wait_for';
}

const INDEX_NAME = /^(?!\.)[a-z0-9][a-z0-9._-]{0,199}$/;

/** @throws InvalidConfigurationError listing every mistake, without secrets */
export function resolveElasticsearchOptions(options: ElasticsearchOptions): ResolvedElasticsearchOptions {
  const issues: Issue[] = [];
  const { index = 'messages', timeoutMs = 10_000, createIndex = true, refresh = false } = options;
  if (!INDEX_NAME.test(index)) {
    issues.push({
      path: 'index',
      message: 'must be lower-case letters, digits, _ - . and begin with a letter or digit',
    });
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 600_000) {
    issues.push({
      path: 'timeoutMs',
      message: `is ${String(timeoutMs)}; must be a whole number from 1 to 600000`,
    });
  }
  const url = readUrl(options.url, issues);
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...signIn(options, issues),
  };
  if (issues.length > 0) {
    throw new InvalidConfigurationError('The options of ElasticsearchSearchIndex are wrong:', issues);
  }
  return { url, index, headers, timeoutMs, createIndex, refresh };
}

function readUrl(given: unknown, issues: Issue[]): string {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    issues.push({ path: 'url', message: 'must be an http:// or https:// address' });
  } else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    issues.push({
      path: 'url',
      message: 'must have no user, query or fragment; use username and password, or apiKey',
    });
  }
  return url === null ? '' : `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function signIn(
  { apiKey, username, password }: ElasticsearchOptions,
  issues: Issue[],
): { authorization?: string } {
  if ((username === undefined) !== (password === undefined)) {
    issues.push({ path: 'username, password', message: 'go together' });
  }
  if (apiKey !== undefined && username !== undefined) {
    issues.push({ path: 'apiKey, username', message: 'exclude each other' });
  }
  if (apiKey !== undefined) return { authorization: `ApiKey ${apiKey}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}
