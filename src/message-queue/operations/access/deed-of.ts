import { isRecord } from '../../../kernel/values/kinds.js';

/** What a change was, read from how it was asked for: for the list of what operators did, where nothing better is known of it. */
export interface AskedDeed {
  readonly action: string;
  readonly target: string;
}

/** Words at the end of a path that say what is done to what stands before them. */
const VERBS = new Set(
  'pause resume run cancel retry mute replay discard promote clean empty obliterate add update-data concurrency'.split(
    ' ',
  ),
);

/** Words that say what is done to what stands behind them. */
const FIRST_WORDS = new Set(['enqueue', 'purge', 'demo']);

/** Of a path such as `queues/message-delivery/pause` or `enqueue/message-delivery/send-message`. */
export function deedOf(method: string, segments: readonly string[]): AskedDeed {
  const parts = segments[0] === 'api' ? segments.slice(1) : segments;
  const verb = parts.findIndex((part, index) => (index > 0 && VERBS.has(part)) || FIRST_WORDS.has(part));
  if (verb >= 0) {
    const target = [...parts.slice(0, verb), ...parts.slice(verb + 1)].join(' ');
    return { action: parts[verb] ?? '', target };
  }
  const [first = '', ...rest] = parts;
  if (method === 'DELETE') return { action: 'remove', target: parts.join(' ') };
  return { action: first === '' ? 'change' : first, target: rest.join(' ') };
}

/** Text that is a name or a code, and no content. */
const NAME = /^[\w.:-]{1,100}$/;

/** A filter as it may be kept: names, codes and times; of a condition on a payload its field alone. */
export function keptFilter(filter: unknown): string | null {
  if (!isRecord(filter)) return null;
  const kept = Object.entries(filter).map(([key, value]) => [key.slice(0, 40), keptValue(key, value)]);
  return JSON.stringify(Object.fromEntries(kept));
}

function keptValue(key: string, value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.slice(0, 20).map((item) => keptValue(key, item));
  if (typeof value !== 'string') return null;
  if (key === 'payload') return `${/^[\w.]{1,60}/.exec(value)?.[0] ?? ''} …`;
  return NAME.test(value) ? value : '…';
}
