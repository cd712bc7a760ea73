import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredEvent } from '../../src/buffered-events/buffer/buffer-words.js';
import { EventConsumer } from '../../src/buffered-events/consume/event-consumer.js';
import type { ConsumerParts } from '../../src/buffered-events/consume/event-consumer.js';
import type { LazySignal } from '../../src/buffered-events/consume/lazy-signal.js';
import type { ErrorRecord } from '../../src/buffered-events/events/event-words.js';

/** A source, cells and outcomes that write down all that happens to them. */
export class ConsumerStage {
  readonly ready: number[] = [];
  readonly suspects: number[] = [];
  readonly started: number[] = [];
  readonly done: number[] = [];
  readonly failed: [slot: number, error: ErrorRecord][] = [];
  readonly listenerErrors: unknown[] = [];
  readonly open = new Map<
    number,
    { resolve: () => void; reject: (error: unknown) => void; signal: LazySignal }
  >();
  /** Called when the consumer has said that it rests, before it looks again. */
  beforeLook: () => void = () => undefined;
  now = 1_000;
  ended = 0;
  readonly cells = {
    rests: null as 'sleeps' | 'dozes' | null,
    rest: (dozes: boolean) => void (this.cells.rests = dozes ? 'dozes' : 'sleeps'),
    rise: () => void (this.cells.rests = null),
    draining: false,
    alone: -1,
    running: 0,
    failed: 0,
    started: (_: number): void => undefined,
    ended: (_: number) => void (this.ended += 1),
  };
  readonly consumer: EventConsumer;

  constructor(parts: Partial<ConsumerParts> = {}) {
    const take = (from: number[]): StoredEvent | null => {
      const slot = from.shift();
      return slot === undefined
        ? null
        : {
            slot,
            generation: 1,
            type: 0,
            lane: 1,
            sequence: slot,
            emittedAt: this.now,
            json: '{}',
            bytes: 2,
            attempts: 0,
            crashes: 0,
          };
    };
    this.consumer = new EventConsumer({
      source: {
        next: () => take(this.ready),
        hasReady: () => {
          if (this.cells.rests !== null) this.beforeLook();
          return this.ready.length > 0;
        },
        nextSuspect: () => take(this.suspects),
        hasSuspects: () => this.suspects.length > 0,
      },
      cells: this.cells,
      outcomes: {
        done: ({ slot }) => void this.done.push(slot),
        failed: ({ slot }, error) => void this.failed.push([slot, error]),
      },
      run: (event, signal) => {
        this.started.push(event.slot);
        return new Promise<void>((resolve, reject) => this.open.set(event.slot, { resolve, reject, signal }));
      },
      now: () => this.now,
      listenerFailed: (error) => void this.listenerErrors.push(error),
      concurrency: 2,
      perTurn: 64,
      handlerTimeoutMs: 50,
      doze: null,
      ...parts,
    });
  }

  /** Until something is so; the test's own deadline ends a hang. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await nextTurn();
  }
}
