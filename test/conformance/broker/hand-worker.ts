import type { Queue } from 'bull';
import type { QueueWorker } from '../../../src/message-queue/broker/broker.js';
import type { ManagedJobOptions } from '../../../src/message-queue/jobs/managed-job.js';
import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import { waitUntil } from '../../support/wait-until.js';
import type { BrokerBench } from './broker-bench.js';
import { completed, failed } from './broker-bench.js';

interface OpenRun {
  readonly taken: TakenJob;
  readonly settle: (settlement: Settlement) => void;
}

/** A worker whose runs end when, and as, its case says. */
export class HandWorker {
  /** Ids of all runs, in the order in which they started. */
  readonly started: string[] = [];
  private readonly runs = new Map<string, OpenRun>();
  private worker: QueueWorker | null = null;

  /** @param concurrency handlers */
  static async on(bench: BrokerBench, queue: Queue, concurrency = 2): Promise<HandWorker> {
    const hand = new HandWorker();
    hand.worker = await bench.broker.work(
      queue,
      concurrency,
      (taken) =>
        new Promise((settle) => {
          const id = String(taken.job.id);
          hand.started.push(id);
          hand.runs.set(id, { taken, settle });
        }),
    );
    return hand;
  }

  /** Ids of the runs that have not ended, in the order of the alphabet. */
  get running(): string[] {
    return [...this.runs.keys()].sort();
  }

  /** Waits until as many runs started, and tells which. */
  async untilStarted(count: number): Promise<string[]> {
    await waitUntil(() => this.started.length >= count, `${count} starts`);
    return this.started;
  }

  /** Waits until these jobs run. */
  async untilRunning(...ids: readonly string[]): Promise<void> {
    const isReached = (): boolean => ids.every((id) => this.runs.has(id));
    await waitUntil(isReached, `runs of ${ids.join(', ')}`).catch((error: unknown) => {
      throw new Error(`Not all of ${ids.join(', ')} run, but ${this.running.join(', ')}.`, { cause: error });
    });
  }

  /** Ends a run, and waits until its end is stored. @returns whether it could be */
  async end(id: string, settlement: Settlement = completed()): Promise<boolean> {
    const { taken, settle } = this.run(id);
    this.runs.delete(id);
    const stored = new Promise<boolean>((resolve) => taken.onStored(resolve));
    settle(settlement);
    return stored;
  }

  /** Ends a run as failed: a dead letter, or tried again after so many milliseconds. */
  fail(id: string, retryDelayMs: number | null = null): Promise<boolean> {
    return this.end(id, failed(this.run(id).taken, retryDelayMs));
  }

  /** Ends a run as cancelled by its handler, or because it was asked to. */
  cancel(id: string): Promise<boolean> {
    return this.end(id, failed(this.run(id).taken, null, 'no need', 'cancelled'));
  }

  /** Completes whatever runs until so many runs started. @returns all that started */
  async completeUntil(count: number): Promise<string[]> {
    while (this.started.length < count || this.runs.size > 0) {
      await waitUntil(() => this.runs.size > 0, `the run after ${this.started.join(', ')}`);
      await this.end(this.running[0] as string);
    }
    return this.started;
  }

  async stop(): Promise<void> {
    await this.worker?.stopFetching();
  }

  private run(id: string): OpenRun {
    const run = this.runs.get(id);
    if (run === undefined) throw new Error(`Job ${id} does not run; what does: ${this.running.join(', ')}.`);
    return run;
  }
}

/** A job in its groups; without an id it has one of the broker's. */
export interface GroupedOptions extends ManagedJobOptions {
  readonly key?: string;
  readonly tenant?: string;
}

/** Options of a job with a key and a tenant. */
export function grouped({ key, tenant, ...options }: GroupedOptions): ManagedJobOptions {
  return {
    ...options,
    mq: { ...options.mq, ...(key !== undefined && { key }), ...(tenant !== undefined && { tenant }) },
  };
}

/** Adds a job whose key is the first letter of its id: `a1` is the first one of key `a`. */
export function addKeyed(
  bench: BrokerBench,
  queue: Queue,
  jobId: string,
  over: GroupedOptions = {},
): Promise<string> {
  return bench.add(queue, { options: grouped({ jobId, key: jobId.slice(0, 1), ...over }) });
}

/** The same of many, one after the other. */
export async function addAllKeyed(
  bench: BrokerBench,
  queue: Queue,
  ids: readonly string[],
  over: GroupedOptions = {},
): Promise<void> {
  for (const id of ids) await addKeyed(bench, queue, id, over);
}

/** Adds jobs of a tenant in one call: `A0`, `A1`, … @returns their ids */
export function addTenants(
  bench: BrokerBench,
  queue: Queue,
  tenant: string,
  count: number,
  over: GroupedOptions = {},
): Promise<string[]> {
  const requests = Array.from({ length: count }, (_, n) => ({
    name: 'job',
    data: { n },
    options: grouped({ jobId: `${tenant}${n}`, tenant, ...over }),
  }));
  return bench.addAll(queue, requests);
}
