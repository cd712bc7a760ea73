import { closedMeanwhile, refusedLater, timedOut } from './unanswered-add.js';
import type { AddPlace } from '../../rules/add-errors.js';
import { waitingLimit } from '../../rules/waiting-limit.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import { meaningOf } from '../connections/redis-replies.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { ADD_FIELDS, addJobsScript } from '../scripts/add-jobs.lua.js';

/** One job as {@link addJobsScript} takes it. */
export type AddFields = Readonly<Record<(typeof ADD_FIELDS)[number], string | number>>;

/** What the script said about one job. */
export interface AddReply {
  readonly status: 'added' | 'duplicate' | 'once' | 'conflict' | 'debounced' | 'full';
  /** Id of the stored job. */
  readonly id: string;
  /** For `full`: how many jobs wait. */
  readonly depth: number;
  /** For `conflict`: fingerprint of the payload that the key was used for; otherwise empty. */
  readonly fingerprint: string;
}

/** The queue that jobs are added to, as the script needs to know it. */
export interface AddTarget {
  readonly name: string;
  /** `prefix:queue:` */
  readonly base: string;
  readonly token: string;
  readonly maxWaiting: number;
}

interface Entry {
  readonly fields: AddFields;
  readonly bytes: number;
  readonly settle: (result: AddReply | Error) => void;
  settled: boolean;
  /** A call with this job was sent but not answered: Redis may have added it. */
  unknown: boolean;
}

const MOST_JOBS_PER_CALL = 100;
const MOST_BYTES_PER_CALL = 1024 * 1024;
const MOST_CALLS_IN_FLIGHT = 4;
const RETRY_DELAY_MS = 50;

/**
 * Adds jobs to one queue. Adds issued together share a round trip, but each has its own outcome and deadline.
 * After a lost connection the same call is sent again with the same id, so the job is added only once.
 */
export class JobAdder {
  private readonly buffer: Entry[] = [];
  private inFlight = 0;
  private scheduled = false;
  private readonly sent = new Set<Entry>();
  private closed = false;

  constructor(
    private readonly target: AddTarget,
    private readonly scripts: RedisScripts,
    private readonly connections: RedisConnections,
  ) {}

  /**
   * @param bytes size of the job; limits how much one round trip carries
   * @throws EnqueueTimeoutError when Redis did not answer within `deadlineMs`: the job may have been added
   * @throws the error Redis answered with
   */
  add(fields: AddFields, bytes: number, deadlineMs: number): Promise<AddReply> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => entry.settle(timedOut(this.placeOf(fields), deadlineMs, this.connections.trouble)),
        deadlineMs,
      );
      const entry: Entry = {
        fields,
        bytes,
        settled: false,
        unknown: false,
        settle: (result) => {
          if (entry.settled) return;
          entry.settled = true;
          clearTimeout(timer);
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      this.buffer.push(entry);
      this.schedule();
    });
  }

  /** Rejects the adds that have not been sent, and those that will get no answer. */
  close(): void {
    this.closed = true;
    for (const entry of this.buffer.splice(0)) this.refuse(entry);
    // On a working connection the answers arrive before it is closed.
    if (!this.connections.isReady) for (const entry of this.sent) this.refuse(entry);
  }

  private refuse({ fields, unknown, settle }: Entry): void {
    settle(closedMeanwhile(this.placeOf(fields), unknown));
  }

  private schedule(): void {
    if (this.scheduled || this.inFlight >= MOST_CALLS_IN_FLIGHT || this.buffer.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      while (this.buffer.length > 0 && this.inFlight < MOST_CALLS_IN_FLIGHT) void this.send(this.nextBatch());
    });
  }

  private nextBatch(): Entry[] {
    const batch: Entry[] = [];
    let bytes = 0;
    for (;;) {
      const entry = this.buffer[0];
      if (entry === undefined || batch.length === MOST_JOBS_PER_CALL) break;
      if (batch.length > 0 && bytes + entry.bytes > MOST_BYTES_PER_CALL) break;
      this.buffer.shift();
      if (entry.settled) continue;
      batch.push(entry);
      bytes += entry.bytes;
    }
    return batch;
  }

  private async send(entries: Entry[]): Promise<void> {
    this.inFlight += 1;
    for (const entry of entries) this.sent.add(entry);
    try {
      let open = entries;
      // Entries whose caller stopped waiting drop out; the others are retried until their deadlines.
      while (open.length > 0 && !(await this.trySend(open))) {
        if (this.closed) for (const entry of open) this.refuse(entry);
        open = open.filter((entry) => !entry.settled);
      }
    } finally {
      for (const entry of entries) this.sent.delete(entry);
      this.inFlight -= 1;
      this.schedule();
    }
  }

  private async trySend(entries: readonly Entry[]): Promise<boolean> {
    // A disconnected client would send the command once it reconnects, long after we gave up.
    if (!(await this.connections.ready(RETRY_DELAY_MS))) return false;
    const { client } = this.connections;
    // The client itself resends an unanswered command.
    const lost = (): void => entries.forEach((entry) => (entry.unknown = true));
    client.once('close', lost);
    try {
      const replies = (await this.scripts.run(addJobsScript, this.target.base, this.args(entries))) as [
        AddReply['status'],
        string,
        number | string | undefined,
      ][];
      replies.forEach(([status, id, detail], i) =>
        entries[i]?.settle({
          ...{ status, id, depth: typeof detail === 'number' ? detail : 0 },
          fingerprint: typeof detail === 'string' ? detail : '',
        }),
      );
      return true;
    } catch (error) {
      const meaning = meaningOf(error);
      if (meaning === 'lost' || meaning === 'passing') {
        if (meaning === 'lost') for (const entry of entries) entry.unknown = true;
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
        return false;
      }
      for (const entry of entries) {
        entry.settle(entry.unknown ? refusedLater(this.placeOf(entry.fields), error) : (error as Error));
      }
      return true;
    } finally {
      client.removeListener('close', lost);
    }
  }

  private args(entries: readonly Entry[]): (string | number)[] {
    const { token, maxWaiting } = this.target;
    const args: (string | number)[] = [
      token,
      waitingLimit(maxWaiting, false),
      waitingLimit(maxWaiting, true),
    ];
    for (const { fields } of entries) for (const field of ADD_FIELDS) args.push(fields[field]);
    return args;
  }

  private placeOf({ name, id }: AddFields): AddPlace {
    return { queue: this.target.name, job: String(name), jobId: String(id) };
  }
}
