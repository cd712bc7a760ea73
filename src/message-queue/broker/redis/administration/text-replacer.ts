import { fullOptions } from '../../../admission/stored-options.js';
import { sealedFailures } from '../../../jobs/managed-job.js';
import type { QueueSettings } from '../../../jobs/queue-settings.js';
import { TextTally, verdictsOn } from '../../../jobs/sealing/stored-texts.js';
import type { StoredTexts, TextPass, TextReader, TextReport } from '../../../jobs/sealing/stored-texts.js';
import { readRecord } from '../../rules/schedules/schedule-record.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { readOptions } from '../bull/stored-job.js';
import { patiently } from '../connections/patiently.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { unlessAway } from '../connections/unless-away.js';
import { readTextsScript, replaceTextsScript } from '../scripts/sealed-texts.lua.js';
import type { Spool } from '../spool/spool.js';
import { jobPlaces } from './job-places.js';

/** Jobs that one script reads, about a millisecond: more would block Redis for other clients. */
const PAGE_JOBS = 250;
const PAGE_BYTES = 1024 * 1024;

const SCHEDULES = 'mq:schedules';
const NOTHING = { progress: null, returnvalue: null, failures: [] };

/** Texts and the hash that holds them, behind the base key. */
interface HeldTexts extends StoredTexts {
  readonly hash: string;
  /** Of a schedule, whose texts stand in one field together. */
  readonly field?: string;
}

type PageReply = readonly [seen: number, jobs: readonly (readonly [id: string, ...(string | null)[]])[]];

/** Replaces sealed texts of a queue, wherever they stand. */
export class TextReplacer {
  constructor(
    private readonly scripts: RedisScripts,
    private readonly connections: RedisConnections,
    private readonly spool: Spool | null,
  ) {}

  async replace(
    queue: RedisQueue,
    read: TextReader,
    { isBackward, signal }: TextPass = {},
  ): Promise<TextReport> {
    const tally = new TextTally();
    // Nothing comes back here: these are first in either direction.
    if (this.spool !== null) {
      await this.spool.replaceTexts(queue.base, read, tally, signal);
      await this.answer(queue, 'waiting for jobs of the spool', this.spool.arrived(queue.base));
    }
    await this.replacePage(queue, await this.schedulesOf(queue), read, tally);
    for await (const [command, key] of jobPlaces(queue, this.connections, isBackward)) {
      for (let first = 0, seen = 1; seen > 0; first += seen) {
        signal?.throwIfAborted();
        const args = [command, key, first, PAGE_JOBS, PAGE_BYTES];
        const reply = this.scripts.runPatiently(readTextsScript, queue.base, args);
        const [count, jobs] = (await this.answer(queue, 'reading jobs', reply)) as PageReply;
        await this.replacePage(
          queue,
          jobs.map((job) => textsOf(queue.definition, job)),
          read,
          tally,
        );
        seen = count;
      }
    }
    return tally;
  }

  private async schedulesOf(queue: RedisQueue): Promise<HeldTexts[]> {
    const records = await this.answer(
      queue,
      'reading schedules',
      patiently(() => this.connections.client.hgetall(queue.base + SCHEDULES)),
    );
    return Object.entries(records).flatMap(([key, text]) => {
      const record = readRecord(text);
      if (record === null) return [];
      const { name, data } = record;
      return { hash: SCHEDULES, field: key, id: '', name, data, ...NOTHING };
    });
  }

  private async replacePage(
    queue: RedisQueue,
    page: readonly HeldTexts[],
    read: TextReader,
    tally: TextTally,
  ): Promise<void> {
    const verdicts = await verdictsOn(page, read);
    const changes = page.flatMap(({ hash, field: own }, index) =>
      (verdicts[index]?.replacements ?? []).map(({ field, was, is }) => [hash, own ?? field, was, is]),
    );
    const done = changes.length === 0 ? [] : await this.change(queue, changes.flat());
    for (const verdict of verdicts) {
      tally.note(verdict, done.splice(0, verdict.replacements.length).filter(Boolean).length);
    }
  }

  private async change(queue: RedisQueue, args: readonly string[]): Promise<number[]> {
    const reply = this.scripts.runPatiently(replaceTextsScript, queue.base, args);
    return (await this.answer(queue, 'changing jobs', reply)) as number[];
  }

  private answer<T>({ name }: RedisQueue, what: string, answer: Promise<T>): Promise<T> {
    return unlessAway(name, what, this.connections, answer);
  }
}

function textsOf(
  settings: QueueSettings,
  [id, name, data, progress, returnvalue, opts]: PageReply[1][number],
): HeldTexts {
  const fields = { id, timestamp: 0, priority: 0 };
  const { mq } = opts ? fullOptions(settings, readOptions(opts), fields) : {};
  return {
    ...{ hash: id, id, name: name ?? '' },
    ...{ data: data ?? null, progress: progress ?? null, returnvalue: returnvalue ?? null },
    failures: sealedFailures(mq),
  };
}
