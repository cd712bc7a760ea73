import { kind, Refusal } from '../../../kernel/values/kind.js';
import { wholeNumber } from '../../../kernel/values/kinds.js';
import { addressShown } from '../../../kernel/values/words.js';

/** One Redis server. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** What a `REDIS_URL` says. Several nodes mean a Cluster. */
export interface RedisUrl {
  readonly nodes: readonly RedisNode[];
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
}

const DEFAULT_REDIS_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26379;

const PORT = wholeNumber(1, 65_535);

/** `redis://…`, `rediss://…`, or several of them separated by commas. Messages show nothing of it but its scheme. */
export const redisUrl = kind<RedisUrl, string>(
  'redis://[[user]:password@]host[:port][/db], rediss://… for TLS, or a comma-separated list of them for a Cluster',
  (value) => (typeof value === 'string' ? parseUrls(value) : new Refusal()),
  { show: addressShown },
);

/** `host:port,host:port`, or a list of such texts or of `{ host, port }`. */
export const sentinelList = kind<
  readonly RedisNode[],
  string | readonly (string | { readonly host: string; readonly port?: number })[]
>('a comma-separated list of host[:port]', (value) => {
  const items: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  const nodes = items.map((item) => parseNode(item, DEFAULT_SENTINEL_PORT));
  return nodes.length > 0 && nodes.every((node) => node !== null) ? nodes : new Refusal();
});

function parseNode(item: unknown, defaultPort: number): RedisNode | null {
  if (typeof item === 'object' && item !== null && 'host' in item) {
    const port = 'port' in item ? item.port : defaultPort;
    return typeof item.host === 'string' && isPort(port) ? { host: item.host, port } : null;
  }
  if (typeof item !== 'string') return null;
  const match = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::(\d+))?$/.exec(item.trim());
  const host = match?.[1];
  if (host === undefined) return null;
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  return isPort(port) ? { host: withoutBrackets(host), port } : null;
}

function isPort(port: unknown): port is number {
  return !(PORT.read(port) instanceof Refusal);
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function parseUrls(raw: string): RedisUrl | Refusal {
  const texts = raw.split(',').map((part) => part.trim());
  const scheme = /^rediss?:\/\//.exec(texts[0] ?? '')?.[0];
  if (scheme === undefined) return new Refusal();
  // Its password may hold the comma: the hosts that are left would be parts of it, and the log names hosts.
  if (texts.some((part) => !part.includes('://') && part.includes('@'))) {
    return new Refusal('write redis:// before each address, and a comma in a password as %2C');
  }
  const urls = texts.map((part) => parseUrl(part.includes('://') ? part : scheme + part));
  const [first] = urls;
  for (const url of urls) if (typeof url === 'string') return new Refusal(url);
  if (first === undefined || typeof first === 'string') return new Refusal(first);
  const rest = urls.filter((url) => typeof url !== 'string');
  if (rest.some((url) => url.tls !== first.tls)) {
    return new Refusal('all nodes of a Cluster must use the same scheme');
  }
  if (rest.length > 1 && rest.some((url) => (url.db ?? 0) !== 0)) {
    return new Refusal('a Cluster has no databases: leave /db out');
  }
  const signedIn = rest.find((url) => url.password !== undefined) ?? first;
  return {
    nodes: rest.flatMap((url) => url.nodes),
    tls: first.tls,
    username: signedIn.username,
    password: signedIn.password,
    db: first.db,
  };
}

/** One URL, or what is wrong with it. */
function parseUrl(raw: string): RedisUrl | string {
  // The host is read by the rules of http, which the parser knows; it keeps unknown schemes' hosts as they are.
  if (!URL.canParse(raw.replace(/^rediss?:/, 'http:'))) return 'this is not a URL';
  const url = new URL(raw.replace(/^rediss?:/, 'http:'));
  if (url.search !== '' || url.hash !== '') {
    return 'query parameters are not supported; write ? and # in a password as %3F and %23';
  }
  const db = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1];
  if (db === undefined) return 'the path must be a database number';
  const explicitPort = /:(\d+)(?:\/\d*)?$/.exec(raw)?.[1];
  const port = explicitPort === undefined ? DEFAULT_REDIS_PORT : Number(explicitPort);
  if (!isPort(port)) return `the port must be ${PORT.expected}`;
  return {
    nodes: [{ host: withoutBrackets(url.hostname), port }],
    tls: raw.startsWith('rediss:'),
    username: decoded(url.username),
    password: decoded(url.password),
    db: db === '' ? undefined : Number(db),
  };
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    // A bare percent sign in a password is the password's own.
    return part;
  }
}
