import type { ReplyMeaning } from '../../src/kernel/redis/redis-replies.js';
import { ADDS, ASKS, OTHERS } from './calls.js';
import type { RefusedCalls } from './reply-stage.js';
import type { Act } from './round.js';

/** Each run ends once, is told no crash, and its end is stored, whatever Redis answered meanwhile. */
export const ENDS: Readonly<Record<Act, string>> = {
  complete: 'completed after 1 run',
  fail: 'failed after 1 run',
  retry: 'completed after 2 runs',
  defer: 'completed after 2 runs',
  renew: 'completed after 1 run',
  progress: 'completed after 1 run',
  take: 'completed after 1 run',
  promote: 'completed after 1 run',
  recover: 'completed after 1 run',
};

/** What keeps itself going, and what always answers. */
export const ALWAYS = { health: 'answered', close: 'answered', subscribe: 'listens' } as const;

/** What comes of a call that is typed, and leaves nobody in doubt why. */
const TYPED = /^(answered|full|refused [A-Z]+)$/;
/** What may come of a call whose process stood still: Redis would have taken it in time. */
const GAVE_UP = /^(refused \w+|ENQUEUE_TIMEOUT|unreachable)$/;
/** Longer than that, and who waits may give up, milliseconds. */
const STOOD_MS = 250;

/** What becomes of each call while Redis answers all of them with one reply. */
export function outcomesOf(
  code: string,
  meaning: ReplyMeaning,
  isThorough: boolean,
): Readonly<Record<string, string>> {
  const ask = meaning === 'passing' ? 'answered' : `refused ${code}`;
  const all = (calls: object, outcome: string): Record<string, string> =>
    Object.fromEntries(Object.keys(calls).map((name) => [name, outcome]));
  return {
    ...all(ADDS, code === 'OOM' ? 'full' : ask),
    ...all(ASKS, ask),
    ...(isThorough && all(OTHERS, ask)),
    // Something else than a job stands under this id.
    ...(code === 'WRONGTYPE' && { 'read job': 'answered' }),
    ...(code === 'WRONGTYPE' && isThorough && { 'read status': 'JOB_NOT_FOUND' }),
    ...ALWAYS,
  };
}

/** What came of the calls; one that was to be tried again, and gave up because this process stood still, counts as answered. */
export function forgiving(
  { calls, stoodMs }: RefusedCalls,
  code: string,
  meaning: ReplyMeaning,
): Record<string, string> {
  // After READONLY the client connects anew each time, and may count as away meanwhile.
  const mayGiveUp = meaning === 'passing' && (stoodMs > STOOD_MS || code === 'READONLY');
  const told = Object.entries(calls).map(([name, outcome]) => {
    return [name, mayGiveUp && GAVE_UP.test(outcome) ? 'answered' : outcome];
  });
  return Object.fromEntries(told) as Record<string, string>;
}

/** Replies that end connections: whoever calls meanwhile is told that Redis is away. */
const ENDS_CONNECTIONS = new Set(['READONLY', 'MAXCLIENTS']);

/** Calls of which came what must not, while a server answered some with this code. */
export function untyped(calls: RefusedCalls['calls'], code: string): [name: string, outcome: string][] {
  const isTyped = (outcome: string): boolean =>
    TYPED.test(outcome) || (ENDS_CONNECTIONS.has(code) && GAVE_UP.test(outcome));
  return Object.entries(calls).filter(([name, outcome]) => !(name in ALWAYS) && !isTyped(outcome));
}
