import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { Issues } from '../../../kernel/values/issues.js';

/** Keys by name, one of them current. */
export interface KeyRingOptions {
  /** `<key id>:<key>[,<key id>:<key>…]`, or a record; each key in base64, base64url or hex. Spaces and line breaks do not matter. */
  readonly keys: string | Readonly<Record<string, string>>;
  /** Id of the key that seals. Default: the first one. */
  readonly current?: string;
}

/** The part of a ConfigService that is used. */
export interface VariableSource {
  get(variable: string): unknown;
}

/** The variables a key ring is read from. */
export const KEY_RING_VARIABLES = { keys: 'ENCRYPTION_KEYS', current: 'ENCRYPTION_CURRENT_KEY' } as const;

/** A key ring as it was given. */
interface GivenKeyRing extends KeyRingOptions {
  /** What its mistakes are called by. Default: the options. */
  readonly names?: typeof KEY_RING_VARIABLES;
}

/** A key ring that was checked. */
export interface KeyRing {
  readonly currentId: string;
  readonly secrets: ReadonlyMap<string, Buffer>;
}

/** The ids of a ring's keys, the current one first. */
export function idsOf(ring: KeyRing): string[] {
  return [...new Set([ring.currentId, ...ring.secrets.keys()])];
}

const KEY_ID = /^[^\s\p{C},:]{1,128}$/u;

/** Options of a key ring from a ConfigService's variables. @throws InvalidConfigurationError when there are none */
export function keyRingOptionsFrom(source: VariableSource): GivenKeyRing {
  const [keys, current] = [source.get(KEY_RING_VARIABLES.keys), source.get(KEY_RING_VARIABLES.current)];
  const isGiven = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
  if (!isGiven(keys)) {
    const message = 'is not set; give it <key id>:<32 random bytes in base64>';
    throw new InvalidConfigurationError('There are no keys:', [{ path: KEY_RING_VARIABLES.keys, message }]);
  }
  return { keys, ...(isGiven(current) && { current: current.trim() }), names: KEY_RING_VARIABLES };
}

/**
 * @param needs how long a key has to be, in bytes; undefined: at least 16, for keys that are wrapped
 * @throws InvalidConfigurationError listing every mistake, never with a key
 */
export function parseKeyRing(options: GivenKeyRing, needs: number | undefined): KeyRing {
  const { names = { keys: 'keys', current: 'current' } } = options;
  const issues = new Issues();
  const secrets = new Map<string, Buffer>();
  entriesOf(options.keys).forEach(([id, text], index) => {
    const path = `${names.keys}[${index}]${KEY_ID.test(id) ? ` "${id}"` : ''}`;
    const problem = problemWith(id, text, needs, secrets);
    if (problem === null) secrets.set(id, decode(text) ?? Buffer.alloc(0));
    else issues.add(path, problem);
  });
  const [first] = secrets.keys();
  const currentId = options.current ?? first ?? '';
  issues.unless(secrets.size > 0 || issues.list.length > 0, names.keys, 'must hold at least one key');
  if (options.current !== undefined && !secrets.has(options.current)) {
    const usable = [...secrets.keys()].join(', ') || 'none';
    issues.add(names.current, `must name one of the usable keys: ${usable}`);
  }
  issues.throwIfAny(InvalidConfigurationError, 'The key ring is wrong:');
  return { currentId, secrets };
}

function entriesOf(keys: KeyRingOptions['keys']): (readonly [id: string, text: string])[] {
  if (typeof keys !== 'string') return Object.entries(keys);
  const items = keys.split(',').map((item) => item.trim());
  return items
    .filter((item) => item !== '')
    .map((item) => {
      const colon = item.indexOf(':');
      return colon === -1 ? ['', item] : [item.slice(0, colon).trim(), item.slice(colon + 1).trim()];
    });
}

function problemWith(
  id: string,
  text: unknown,
  needs: number | undefined,
  known: ReadonlyMap<string, Buffer>,
): string | null {
  if (!KEY_ID.test(id))
    return 'must have an id of 1 to 128 characters without spaces, commas and colons: write <key id>:<key>';
  if (known.has(id)) return 'is listed twice';
  const secret = typeof text === 'string' ? decode(text) : null;
  if (secret === null) return 'is neither base64, base64url nor hex';
  if (needs !== undefined && secret.length !== needs) return `must be ${needs} bytes, got ${secret.length}`;
  if (needs === undefined && secret.length < 16)
    return `must be at least 16 bytes, as a wrapped key is, got ${secret.length}`;
  if (secret.every((byte) => byte === secret[0]))
    return 'is one byte repeated: make it with openssl rand -base64 32';
  const twin = [...known].find(([, other]) => other.equals(secret))?.[0];
  return twin === undefined ? null : `is the same key as "${twin}"`;
}

function decode(text: string): Buffer | null {
  const compact = text.replace(/\s+/g, '');
  // 32 bytes in hex are 64 digits; as base64 they would be 48 bytes, which no key has.
  if (/^[0-9a-f]{64}$/i.test(compact)) return Buffer.from(compact, 'hex');
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(compact) ? Buffer.from(compact, 'base64') : null;
}
