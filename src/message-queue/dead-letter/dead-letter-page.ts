import { Issues } from '../../kernel/values/issues.js';
import { Refusal } from '../../kernel/values/kind.js';
import { wholeNumber } from '../../kernel/values/kinds.js';
import { InvalidJobOptionsError } from '../jobs/errors.js';
import type { FailedJob } from '../broker/broker.js';
import type { ManagedQueues } from '../broker/managed-queues.js';
import { finishedAt, toDeadLetter } from './dead-letter.js';
import type { DeadLetter } from './dead-letter.js';
import type { DeadLetterFilter, ReadyFilter } from './dead-letter-filter.js';
import { FailedSetReader } from './failed-set-reader.js';
import type { FailedPosition } from './failed-set.js';

/** What to list. */
export interface DeadLetterQuery extends DeadLetterFilter {
  /** Letters per page, 1 to 1 000. Default 50. */
  readonly limit?: number;
  /** `nextCursor` of the previous page; pass the same filter with it. */
  readonly cursor?: string;
}

/** Some dead letters, newest failure first over all queues. */
export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  /** Pass it to get the next page; null when there is none. Stays right while letters come and go. */
  readonly nextCursor: string | null;
  /** Letters that were read for this page. At most 10 000: a rare match may need further pages, which may be empty. */
  readonly scanned: number;
}

/** Where a listing stands: the last letter taken of each queue, and when the listing began. */
interface Cursor {
  readonly until: number;
  readonly positions: Readonly<Record<string, FailedPosition>>;
}

const MAX_SCANNED = 10_000;
const LIMIT = wholeNumber(1, 1_000);
const RANK = wholeNumber(0);

/** One queue's letters, newest first, read ahead by chunks. */
class LetterStream {
  private readonly reader: FailedSetReader;
  private ahead: FailedJob[] = [];
  private next = 0;
  private ended = false;
  taken: FailedPosition | undefined;

  constructor(
    queues: ManagedQueues,
    readonly queue: string,
    filter: ReadyFilter,
    cursor: Cursor,
    chunkSize: number,
  ) {
    this.taken = cursor.positions[queue];
    this.reader = new FailedSetReader(queues.get(queue), {
      order: 'newest',
      payloads: true,
      from: filter.from,
      to: Math.min(filter.to, cursor.until),
      after: this.taken,
      chunkSize,
    });
  }

  async peek(): Promise<FailedJob | null> {
    while (!this.ended && this.next >= this.ahead.length) {
      const chunk = await this.reader.next();
      this.ended = chunk === null;
      if (chunk === null) break;
      this.ahead = chunk;
      this.next = 0;
    }
    return this.ahead[this.next] ?? null;
  }

  take(job: FailedJob): DeadLetter {
    this.taken = this.reader.positionOf(job);
    this.next += 1;
    return toDeadLetter(job, this.queue);
  }
}

/**
 * Reads one page.
 * @throws InvalidJobOptionsError when the limit or the cursor is invalid
 */
export async function readPage(
  queues: ManagedQueues,
  filter: ReadyFilter,
  query: DeadLetterQuery,
  now: number,
): Promise<DeadLetterPage> {
  const limit = checkedLimit(query.limit === undefined ? 50 : query.limit);
  const cursor =
    query.cursor === undefined ? { until: Number.POSITIVE_INFINITY, positions: {} } : decode(query.cursor);
  const until = Number.isFinite(cursor.until) ? cursor.until : now;
  const chunkSize = filter.isSelective ? 500 : Math.min(500, limit);
  const streams = filter.queues.map((queue) => new LetterStream(queues, queue, filter, cursor, chunkSize));
  const letters: DeadLetter[] = [];
  let scanned = 0;
  let newest: { stream: LetterStream; job: FailedJob } | null = null;
  while (scanned < MAX_SCANNED && letters.length < limit && (newest = await newestOf(streams))) {
    const letter = newest.stream.take(newest.job);
    scanned += 1;
    if (filter.matches(letter, letter.payload)) letters.push(letter);
  }
  const more = (await newestOf(streams)) !== null;
  return { letters, nextCursor: more ? encode(streams, until) : null, scanned };
}

async function newestOf(
  streams: readonly LetterStream[],
): Promise<{ stream: LetterStream; job: FailedJob } | null> {
  let newest: { stream: LetterStream; job: FailedJob } | null = null;
  const heads = await Promise.all(streams.map((stream) => stream.peek()));
  heads.forEach((job, index) => {
    const stream = streams[index];
    if (job && stream && (!newest || finishedAt(job) > finishedAt(newest.job))) newest = { stream, job };
  });
  return newest;
}

function checkedLimit(limit: number): number {
  const issues = new Issues();
  issues.check('limit', limit, LIMIT);
  issues.throwIfAny(InvalidJobOptionsError, 'The page of dead letters cannot be read:');
  return limit;
}

function encode(streams: readonly LetterStream[], until: number): string {
  const positions = streams.flatMap(({ queue, taken }) =>
    taken ? [[queue, taken.at, taken.id, taken.rank]] : [],
  );
  return Buffer.from(JSON.stringify([until, positions])).toString('base64url');
}

function decode(cursor: string): Cursor {
  try {
    const [until, positions] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [
      number,
      unknown[][],
    ];
    if (typeof until !== 'number') throw new TypeError('no time');
    return { until, positions: Object.fromEntries(positions.map(decodePosition)) };
  } catch (cause) {
    const message = 'is not a `nextCursor` of this service';
    throw new InvalidJobOptionsError(
      'The page of dead letters cannot be read:',
      [{ path: 'cursor', message }],
      {
        cause,
      },
    );
  }
}

function decodePosition([queue, at, id, rank]: unknown[]): [string, FailedPosition] {
  const position = RANK.read(rank);
  if (
    typeof queue !== 'string' ||
    typeof at !== 'number' ||
    typeof id !== 'string' ||
    position instanceof Refusal
  ) {
    throw new TypeError('no position');
  }
  return [queue, { at, id, rank: position }];
}
