import { LISTED_STATES } from './job-stream.js';
import type { JobStream, StreamPosition } from './job-stream.js';

/** Where streams stand, by `<queue>\n<state>`. */
export type Positions = ReadonlyMap<string, StreamPosition>;

/** Where streams stand, as a text for the next call. */
export function encodePositions(streams: readonly JobStream[]): string {
  const positions = streams.flatMap(({ name, state, taken }) =>
    taken === undefined ? [] : [[name, LISTED_STATES.indexOf(state), taken.rank, taken.id]],
  );
  return Buffer.from(JSON.stringify(positions)).toString('base64url');
}

/** @returns null when the text is no cursor */
export function decodePositions(cursor: string): Positions | null {
  try {
    const positions = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[][];
    return new Map(positions.map(position));
  } catch {
    return null;
  }
}

function position([queue, state, rank, id]: unknown[]): [string, StreamPosition] {
  const name = LISTED_STATES[state as number];
  const isRank = typeof rank === 'number' && Number.isSafeInteger(rank) && rank >= 0;
  if (typeof queue !== 'string' || name === undefined || !isRank || typeof id !== 'string') {
    throw new TypeError('no position');
  }
  return [`${queue}\n${name}`, { rank, id }];
}
