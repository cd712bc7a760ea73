import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { AdvancedSettings, JobOptions, MetricsOpts, Queue, RateLimiter } from 'bull';
import type { Clock } from '../../../../../kernel/time/clock.js';
import { SystemClock } from '../../../../../kernel/time/clock.js';
import { adoptBullPrototype } from './bull-prototype.js';
import { JobMoves } from '../job/job-moves.js';
import { JobSettler } from '../../store/job-settler.js';
import { MemoryBudget } from '../../store/memory-budget.js';
import { memoryClient } from './memory-client.js';
import type { JobHost } from '../job/memory-job.js';
import { MemoryJob } from '../job/memory-job.js';
import { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';

/** Options of a {@link MemoryQueue}: Bull's, without those about Redis, and where time and room come from. */
export interface MemoryQueueOptions {
  /** Only shows in keys. Default `bull`. */
  readonly prefix?: string;
  readonly limiter?: RateLimiter;
  readonly defaultJobOptions?: JobOptions;
  /** `backoffStrategies` and `drainDelay` count; the rest is about locks and connections that are not needed here. */
  readonly settings?: AdvancedSettings;
  readonly metrics?: MetricsOpts;
  /** Default: the real time. */
  readonly clock?: Clock;
  /** What this queue (and the others that share the budget) may hold. Default: no limit. */
  readonly budget?: MemoryBudget;
}

/** Identity, settings and engine of a memory queue; the methods of Bull's queue are in its subclasses. */
export class MemoryQueueCore extends EventEmitter {
  readonly name: string;
  readonly token: string = randomUUID();
  readonly keyPrefix: string;
  readonly keys: Readonly<Record<string, string>>;
  /** Always empty: there are no connections. */
  readonly clients: Queue['clients'] = [];
  readonly client: Queue['client'];
  readonly settings: AdvancedSettings;
  readonly limiter: RateLimiter | undefined;
  readonly defaultJobOptions: JobOptions | undefined;
  /** Settles once the queue began to close. */
  closing: Promise<void> | undefined;
  closed = false;
  /** The inside. For the broker and the tests of this folder. */
  readonly engine: QueueEngine;
  protected readonly settler: JobSettler;
  protected readonly moves: JobMoves;
  private readonly host: JobHost;

  constructor(name: string, options: MemoryQueueOptions = {}) {
    super();
    this.name = name;
    this.keyPrefix = options.prefix ?? 'bull';
    this.settings = { drainDelay: 5, ...options.settings };
    this.limiter = options.limiter;
    this.defaultJobOptions = options.defaultJobOptions;
    const budget = options.budget ?? new MemoryBudget();
    this.engine = new QueueEngine({
      name,
      clock: options.clock ?? new SystemClock(),
      budget,
      emitter: this,
      limiter: options.limiter,
      metrics: options.metrics,
      backoffStrategies: this.settings.backoffStrategies ?? {},
    });
    this.settler = new JobSettler(this.engine);
    this.moves = new JobMoves(this.engine, this.settler, () => this.takeNext());
    this.host = { queue: this as unknown as Queue, moves: this.moves };
    this.client = memoryClient(name, budget);
    this.keys = { '': this.toKey('') };
    // As in Bull: an `error` event without a listener must not end the process.
    this.on('error', () => undefined);
  }

  /** A queue in memory is ready at once. */
  isReady(): Promise<this> {
    return Promise.resolve(this);
  }

  /** The key Bull would use in Redis. */
  toKey(type: string): string {
    return [this.keyPrefix, this.name, type].join(':');
  }

  /** There is nothing to disconnect. */
  disconnect(): Promise<void> {
    return Promise.resolve();
  }

  base64Name(): string {
    return Buffer.from(this.name).toString('base64');
  }

  clientName(): string {
    return `${this.keyPrefix}:${this.base64Name()}`;
  }

  /** Events need no registration here. */
  _registerEvent(): Promise<void> {
    return Promise.resolve();
  }

  /** A handle on a stored job. */
  handleOf(stored: StoredJob): MemoryJob {
    return new MemoryJob(this.host, stored);
  }

  /** Whether this process must not start jobs of the queue. */
  protected get isHeld(): boolean {
    return this.closing !== undefined;
  }

  private takeNext(): MemoryJob | null {
    const stored = this.isHeld ? null : this.engine.take();
    return stored === null ? null : this.handleOf(stored);
  }
}

adoptBullPrototype(MemoryQueueCore);
