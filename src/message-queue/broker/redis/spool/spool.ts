import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { TextReader, TextTally } from '../../../jobs/sealing/stored-texts.js';
import type { AddOutcome, SpoolDepth } from '../../broker.js';
import type { JobText } from '../../jobs-of-queue.js';
import type { SpoolTrouble } from '../../queue-snapshot.js';
import { jobOf, storeFull } from '../../rules/add-errors.js';
import type { AddPlace } from '../../rules/add-errors.js';
import type { UsedKey } from '../../rules/used-key.js';
import { openSpoolFile } from './open-spool-files.js';
import { codeOf, QueueDrain, sentence } from './queue-drain.js';
import type { SpoolingQueue } from './queue-drain.js';
import { SPOOL_TABLES } from './spool-file.js';
import type { HeldJob, Portion, SpoolFile } from './spool-file.js';
import { SpoolIndex } from './spool-index.js';
import { textOf } from './spooled-job.js';
import type { ReadJob, SetAside, SpooledJob, SpooledText } from './spooled-job.js';
import { replaceSpooledTexts } from './spooled-texts.js';

/** Jobs that are looked at together. */
const PAGE_JOBS = 100;
/** How long queues may take to be registered before jobs of others are told of, milliseconds. */
const REGISTERED_WITHIN_MS = 2_000;

/** How large a spool may grow, and where it is. */
export interface SpoolOptions {
  readonly directory: string;
  readonly maxJobs: number;
  /** Of payloads. */
  readonly maxBytes: number;
  /** Whether an add waits until its job is on disk, so that it outlives a power cut too. */
  readonly fsync: boolean;
}

/** The idempotency key of a job that is put into a spool. */
export interface SpooledKey {
  readonly names: readonly string[];
  /** Asked where the fingerprints of two adds with the key differ. @throws IdempotencyConflictError, KeyUnavailableError */
  assertSamePayload(used: UsedKey): Promise<void>;
}

interface Waiting {
  readonly job: SpooledJob;
  readonly place: AddPlace;
  readonly resolve: (outcome: AddOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** The jobs that wait on this machine's disk for Redis to come back. Each queue's go to Redis in the order they came. */
export class Spool {
  private readonly file: SpoolFile;
  private readonly index = new SpoolIndex();
  private readonly drains = new Map<string, QueueDrain>();
  private waiting: Waiting[] = [];
  private readonly registering: NodeJS.Timeout;
  private stop: () => void = () => undefined;
  readonly stopped = new Promise<void>((resolve) => (this.stop = resolve));

  /** @throws MissingPackageError, InvalidConfigurationError */
  constructor(
    private readonly options: SpoolOptions,
    private readonly onProblem: (message: string, cause: unknown) => void,
  ) {
    this.file = openSpoolFile(options.directory, options.fsync, onProblem);
    for (const job of this.file.held()) this.index.note(job);
    for (const job of this.file.aside()) this.index.noteAside(job, job.code, job.why);
    const tell = (): void => this.unknownQueues().forEach(({ message }) => onProblem(message, undefined));
    this.registering = setTimeout(tell, REGISTERED_WITHIN_MS).unref();
  }

  /** What it holds. Costs as much as there are queues, however many jobs wait. */
  get depth(): SpoolDepth {
    const { jobs, bytes, oldestAt } = this.index;
    const waits = [...this.drains.values()].flatMap((drain) => this.troubleOf(drain));
    return { jobs, bytes, oldestAt, waits: [...waits, ...this.unknownQueues()], setAside: this.setAside() };
  }

  /** Whether jobs of a queue are here, so that later ones must stand behind them. */
  holds(base: string): boolean {
    return this.index.holds(base);
  }

  /** A queue is open: what is held for it may be sent. */
  attach(queue: SpoolingQueue): void {
    const drain = new QueueDrain(queue, this);
    this.drains.set(queue.base, drain);
    if (this.holds(queue.base)) drain.start();
  }

  /**
   * Writes a job; those of one tick share the wait for the disk.
   * @throws QueueFullError, IdempotencyConflictError; BrokerUnavailableError when the disk refuses; KeyUnavailableError. It was certainly not added
   */
  async put(job: SpooledJob, place: AddPlace, key?: SpooledKey): Promise<AddOutcome> {
    const known = (): HeldJob | undefined =>
      (key && this.index.byKey(job.base, key.names)) ?? this.index.byId(job);
    // The first of two equal adds may not be on disk yet: neither is acknowledged before it is.
    if (known() !== undefined) this.write();
    const held = known();
    if (held !== undefined) {
      const { id: jobId, onceKey, fingerprint } = held;
      const isOfKey = onceKey !== null && key?.names.includes(onceKey) === true;
      if (isOfKey && fingerprint !== null && fingerprint !== job.fingerprint) {
        await key.assertSamePayload({ jobId, fingerprint });
      }
      return { id: jobId, deduplicated: true };
    }
    this.refuseWhenFull(job, place);
    this.index.note(job);
    return new Promise((resolve, reject) => {
      if (this.waiting.push({ job, place, resolve, reject }) === 1) setImmediate(() => this.write());
    });
  }

  first(base: string, most: Portion): ReadJob[] {
    return this.file.first(base, most);
  }

  settle(added: readonly ReadJob[], aside: readonly SetAside[]): void {
    const settled = this.file.settle(added, aside);
    for (const job of settled) this.index.drop(job);
    for (const { job, code, message } of aside) {
      if (settled.has(job)) this.index.noteAside(job, code, message);
    }
    if (this.index.jobs === 0) this.file.forget();
  }

  /** The jobs of a queue whose payload holds one of these texts, page by page; those that were set aside too. */
  *holding(base: string, texts: readonly string[]): Iterable<readonly JobText[]> {
    this.write();
    for (const table of SPOOL_TABLES) {
      let page = this.file.after(table, base, 0, PAGE_JOBS);
      while (page.length > 0) {
        yield page
          .flatMap((held) => textOf(held) ?? [])
          .filter(({ data }) => texts.some((text) => data.includes(text)));
        page = this.file.after(table, base, page.at(-1)?.place ?? 0, PAGE_JOBS);
      }
    }
  }

  /**
   * Removes jobs of a queue for good. Some may have been under way to Redis: no other is sent until they are removed there too, for it would
   * be taken for a repetition of one whose idempotency key it has.
   * @param inRedis called once none is under way, and again until it succeeds; gets those that were here and can be read, as they would have been stored
   * @returns what it answers at first
   */
  erase<T>(
    base: string,
    ids: readonly string[],
    inRedis: (erased: readonly SpooledText[]) => Promise<T>,
  ): Promise<T> {
    this.write();
    const erased = this.file.erase(base, ids);
    for (const job of erased) {
      if (job.code === undefined) this.index.drop(job);
      else this.index.dropAside(job, job.code);
    }
    const texts = erased.flatMap((job) => textOf(job) ?? []);
    const drain = this.drains.get(base);
    const mayBeUnderWay = erased.length > 0 || drain?.isRemoving === true;
    return drain !== undefined && mayBeUnderWay ? drain.remove(() => inRedis(texts)) : inRedis(texts);
  }

  /** As the broker's, of the payloads of a queue that are held here. Then see {@link arrived}. */
  replaceTexts(base: string, read: TextReader, tally: TextTally, signal?: AbortSignal): Promise<void> {
    return replaceSpooledTexts(this.file, base, read, tally, signal);
  }

  /** Settles when nothing of a queue is under way to Redis that was read before this call. */
  async arrived(base: string): Promise<void> {
    await this.drains.get(base)?.readAnew();
  }

  /** Writes what waits, and lets another process have the file. What is held is sent by the next process. */
  async close(): Promise<void> {
    this.stopSending();
    await Promise.all([...this.drains.values()].map((drain) => drain.ended()));
    this.file.close();
  }

  /** Writes what waits, and sends nothing more. */
  stopSending(): void {
    this.stop();
    clearTimeout(this.registering);
    this.write();
  }

  private write(): void {
    const waiting = this.waiting.splice(0);
    if (waiting.length === 0) return;
    try {
      this.file.write(waiting.map(({ job }) => job));
    } catch (cause) {
      this.refuseUnwritten(waiting, cause);
      return;
    }
    for (const { resolve, job } of waiting) resolve({ id: job.id, deduplicated: false });
    for (const base of new Set(waiting.map(({ job }) => job.base))) this.drains.get(base)?.start();
  }

  private refuseUnwritten(waiting: readonly Waiting[], cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    const remedy = `Make room in ${this.options.directory}, and let this process write there.`;
    this.onProblem(`The spool cannot be written, and adds are refused: ${why}. ${remedy}`, cause);
    for (const { job, place, reject } of waiting) {
      this.index.drop(job);
      const message = `${jobOf(place)} was not added to queue "${place.queue}": it is to wait for Redis on disk, and could not be written to the spool: ${why}. ${remedy}`;
      reject(new BrokerUnavailableError(message.replace(/^j/, 'J'), { ...place, cause }));
    }
  }

  private refuseWhenFull(job: SpooledJob, place: AddPlace): void {
    const { directory, maxJobs, maxBytes } = this.options;
    const { asideJobs, asideBytes } = this.index;
    const [jobs, bytes] = [this.index.jobs + asideJobs, this.index.bytes + asideBytes];
    const isCount = jobs >= maxJobs;
    if (!isCount && bytes + job.bytes <= maxBytes) return;
    const aside = asideJobs === 0 ? '' : `, ${asideJobs} of them set aside,`;
    throw storeFull(place, {
      state: `The spool in ${directory}, where jobs wait for Redis, is full: it holds ${jobs} jobs${aside} (at most ${maxJobs}) with ${bytes} bytes (at most ${maxBytes})`,
      remedy: `see that Redis is back, or raise ${isCount ? 'spool.maxJobs' : 'spool.maxBytes'}`,
      held: isCount ? jobs : bytes,
      limit: isCount ? maxJobs : maxBytes,
    });
  }

  private troubleOf({ queue, trouble }: QueueDrain): SpoolTrouble[] {
    if (trouble === null) return [];
    const jobs = this.index.count(queue.base);
    return [{ queue: queue.name, jobs, code: codeOf(trouble), message: trouble.message }];
  }

  private unknownQueues(): SpoolTrouble[] {
    return this.index.bases.flatMap((base) => {
      if (this.drains.has(base)) return [];
      const jobs = this.index.count(base);
      const message = `${jobs} jobs of the spool in ${this.options.directory} are for "${base}", a queue that this process does not have. Register it here, or start a process that has it with this directory when this one has ended.`;
      return [{ queue: base, jobs, code: 'UNKNOWN_QUEUE', message }];
    });
  }

  private setAside(): SpoolTrouble[] {
    return [...this.index.asideKinds].map(({ base, code, message, jobs }) => ({
      queue: this.drains.get(base)?.queue.name ?? base,
      jobs,
      code,
      message: `${sentence(message)} They are in the table "aside" of ${this.file.path}.`,
    }));
  }
}
