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
