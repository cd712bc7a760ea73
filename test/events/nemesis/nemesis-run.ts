import { setEnvironmentData } from 'node:worker_threads';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { BufferedEventBusService, BufferedEventsModule } from '../../../src/buffered-events/index.js';
import type { BufferedEventConfig } from '../../../src/buffered-events/index.js';
import { randomFrom } from '../../support/random-from.js';
import type { WitnessedThreads } from '../support/witnessed-threads.js';
import { Book, BOOK, NEMESIS_TYPE } from './nemesis-events.js';
import type { NemesisKind } from './nemesis-events.js';
import { planOf, POISON } from './nemesis-plan.js';
import type { Deed, NemesisPlan } from './nemesis-plan.js';

/** Emits under way at once: fewer than there is room for, more than threads run. */
const IN_FLIGHT = 200;
const PRIORITIES = ['critical', 'normal', 'low'] as const;

/** What became of all events of one seed. */
export interface NemesisVerdict {
  readonly seed: number;
  readonly emitted: number;
  readonly deadLetters: number;
  /** Terminated from outside. */
  readonly kills: number;
  /** Threads started in all. */
  readonly threads: number;
  /** Events that were handled more than once: at least once is what is promised. */
  readonly twice: number;
  /** Neither handled nor a dead letter. */
  readonly lost: readonly string[];
  /** Dead letters of events that do no harm for good. */
  readonly innocents: readonly string[];
  /** Kills from outside that it takes to make these look guilty: `maxCrashes` of each while it ran alone, but for the one death of its own. */
  readonly killsForInnocents: number;
  /** Events that fail or kill for good, and are no dead letters. */
  readonly spared: readonly string[];
  /** Events whose handler was told of more failed runs than there were. */
  readonly blamed: readonly string[];
  /** Ids that are dead letters twice. */
  readonly doubled: readonly string[];
  /** What the metrics say and the book does not. */
  readonly miscounted: readonly string[];
  /** Threads that were there after the shutdown. */
  readonly threadsLeft: number;
  /** Calls that failed, and waits that ended in vain. */
  readonly errors: readonly string[];
}

/** What a run is made of. */
export interface NemesisParts {
  readonly seed: number;
  readonly events: number;
  readonly threads: WitnessedThreads;
  /** Ends a hang; nothing is measured by it. */
  readonly deadlineMs: number;
}

/** One seed: an app, its threads, and what happens to them while events pour in. */
export class NemesisRun {
  private readonly book: Book;
  private readonly plan: NemesisPlan;
  private readonly random: () => number;
  private readonly errors: string[] = [];
  private readonly scalings: Promise<unknown>[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly startedBefore: number;
  private kills = 0;

  constructor(private readonly parts: NemesisParts) {
    const { seed, events, threads } = parts;
    this.plan = planOf(seed, events);
    this.random = randomFrom(seed + 1);
    this.startedBefore = threads.started;
    this.book = Book.of(events);
    setEnvironmentData(BOOK, this.book.memory);
  }

  async judge(): Promise<NemesisVerdict> {
    const module = BufferedEventsModule.forRoot(this.configuration());
    const app = await NestFactory.createApplicationContext(
      { module: class {}, imports: [module] },
      { logger: false, abortOnError: false },
    );
    const bus = app.get(BufferedEventBusService);
    await this.withinDeadline('emits', this.emitAll(bus));
    await this.withinDeadline('scaling', Promise.all(this.scalings));
    await this.withinDeadline('everything to be settled', this.settled(bus));
    const verdict = this.verdict(bus);
    await this.withinDeadline('the shutdown', app.close());
    return { ...verdict, threadsLeft: this.parts.threads.alive.length, errors: this.errors };
  }

  private configuration(): BufferedEventConfig {
    const { maxCrashes, fallback, concurrency } = this.plan;
    return {
      workerCount: 2,
      maxQueueSize: 512,
      maxMemoryMB: 4,
      retryAttempts: 2,
      retryDelays: [1, 5],
      fallbackToSync: fallback,
      maxCrashes,
      threads: {
        module: join(__dirname, 'nemesis-threads.module.ts'),
        concurrency,
        // Shorter than the default, and longer than a busy machine keeps a thread waiting.
        handlerTimeoutMs: 1_500,
      },
      whenFull: { waitMs: this.parts.deadlineMs },
      memoryLimits: { workerHeapMB: 64 },
      reliabilityLimits: { workerRestartDelay: 1, gracefulShutdownTimeout: 10_000 },
      deadLetters: { max: 10_000 },
    };
  }

  private async emitAll(bus: BufferedEventBusService): Promise<void> {
    const { events, deeds } = this.plan;
    const due = [...deeds];
    let next = 0;
    const emitter = async (): Promise<void> => {
      while (next < events.length) {
        const n = next;
        next += 1;
        while (due[0] !== undefined && due[0].at <= n) this.perform(due.shift()!, bus);
        const priority = PRIORITIES[Math.floor(this.random() * 3)];
        const payload = { ...events[n]!, padding: 'x'.repeat(Math.floor(this.random() * 700)) };
        this.numbers.set(await bus.emitEvent(NEMESIS_TYPE, payload, { priority }), n);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, () => emitter()));
  }

  private perform(deed: Deed, bus: BufferedEventBusService): void {
    if (deed.kind === 'scale') {
      this.scalings.push(this.scale(deed.to, bus));
      return;
    }
    setTimeout(() => {
      const { booted } = this.parts.threads;
      const victim = booted[Math.floor(this.random() * booted.length)];
      if (victim === undefined) return;
      this.kills += 1;
      void victim.terminate();
    }, deed.afterMs);
  }

  private async scale(count: number, bus: BufferedEventBusService): Promise<void> {
    try {
      await bus.scaleWorkers(count);
    } catch (error) {
      // One that was killed while it booted could not boot: so it says, and tries again.
      const isKilled = (error as { code?: string }).code === 'EVENT_THREAD_START' && this.kills > 0;
      if (!isKilled) this.errors.push(`scaleWorkers: ${String(error)}`);
    }
  }

  private async settled(bus: BufferedEventBusService): Promise<void> {
    let isLate = false;
    const timer = setTimeout(() => (isLate = true), this.parts.deadlineMs);
    while (bus.getMetrics().queueMetrics.size > 0) {
      if (isLate) throw new Error(`${bus.getMetrics().queueMetrics.size} events are still waiting`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    clearTimeout(timer);
  }

  private verdict(bus: BufferedEventBusService): Omit<NemesisVerdict, 'threadsLeft' | 'errors'> {
    const { events, maxCrashes } = this.plan;
    const letters = bus.getDeadLetterQueue();
    const dead = new Set(letters.map(({ event }) => (event.payload as { n: number }).n));
    const isDoomed = (n: number): boolean => POISON.includes(events[n]!.kind) || events[n]!.kind === 'fails';
    const tell = (n: number): string =>
      `${n} ${events[n]!.kind} started ${this.book.started(n)}, failed ${this.book.failed(n)}, finished ${this.book.finished(n)}`;
    const every = events.map((_, n) => n);
    const innocents = [...dead].filter((n) => !isDoomed(n));
    const { totalEmitted } = bus.getMetrics().queueMetrics;
    return {
      seed: this.parts.seed,
      emitted: this.numbers.size,
      deadLetters: letters.length,
      kills: this.kills,
      threads: this.parts.threads.started - this.startedBefore,
      twice: every.filter((n) => this.book.finished(n) > 1).length,
      lost: every.filter((n) => this.book.finished(n) === 0 && !dead.has(n)).map(tell),
      innocents: innocents.map(tell),
      killsForInnocents: innocents.reduce(
        (kills, n) => kills + maxCrashes - (diesOnce(events[n]!.kind) ? 1 : 0),
        0,
      ),
      spared: every.filter((n) => isDoomed(n) && !dead.has(n)).map(tell),
      blamed: every.filter((n) => this.book.attempts(n) > this.book.failed(n) + 1).map(tell),
      doubled: letters.map(({ id }) => id).filter((id, index, ids) => ids.indexOf(id) !== index),
      miscounted:
        totalEmitted === events.length ? [] : [`totalEmitted ${totalEmitted}, not ${events.length}`],
    };
  }

  private async withinDeadline(what: string, work: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(
        () => resolve(`waited ${this.parts.deadlineMs} ms for ${what}`),
        this.parts.deadlineMs,
      );
    });
    const problem = await Promise.race([
      work.then(
        () => undefined,
        (error: unknown) => `${what}: ${String(error)}`,
      ),
      late,
    ]);
    clearTimeout(timer);
    if (problem !== undefined) this.errors.push(problem);
  }
}

/** Whether an event kills one thread, and does no more harm. */
function diesOnce(kind: NemesisKind): boolean {
  return kind.endsWith('-once') && kind !== 'fails-once';
}
