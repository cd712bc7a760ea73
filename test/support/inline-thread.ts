import { EventEmitter } from 'node:events';
import { LaneReader } from '../../src/buffered-events/buffer/lane-reader.js';
import type { StoredEvent } from '../../src/buffered-events/buffer/buffer-words.js';
import { EventConsumer } from '../../src/buffered-events/consume/event-consumer.js';
import { EventHandlers } from '../../src/buffered-events/consume/event-handlers.js';
import { EventRunner } from '../../src/buffered-events/consume/event-runner.js';
import type { IEventHandler } from '../../src/buffered-events/events/event-words.js';
import type { FromThread, ThreadStart, ToThread } from '../../src/buffered-events/threads/thread-messages.js';
import type { ThreadWorker } from '../../src/buffered-events/threads/pool/pool-words.js';

/** What a handler throws that ends its thread, as `process.exit` would. */
export class Dies extends Error {}

/** A worker thread that is none: the same claims from the same memory, within this thread, so that a test sees and ends it at will. */
export class InlineThread extends EventEmitter implements ThreadWorker {
  private readonly consumer: EventConsumer;
  private types: readonly string[] = [];
  private isGone = false;
  private beat: NodeJS.Timeout | undefined;

  /** @param handlers by type @param boots false: it cannot boot */
  constructor(
    readonly start: ThreadStart,
    handlers: Readonly<Record<string, IEventHandler['handle']>>,
    boots: boolean,
  ) {
    super();
    const lanes = new LaneReader(start.buffer, start.owner, start.weights);
    const known = new EventHandlers();
    for (const [type, handle] of Object.entries(handlers)) known.add(type, { handle });
    const runner = new EventRunner(start.bus, (type) => this.types[type], known);
    this.consumer = new EventConsumer({
      source: lanes,
      cells: lanes.cells,
      outcomes: {
        done: (event) => {
          if (!this.isGone && lanes.done(event)) this.says({ kind: 'room' });
        },
        failed: ({ slot, generation }, error) => {
          if (error.name !== Dies.name) this.says({ kind: 'failed', slot, generation, error });
        },
      },
      run: (event, signal) => this.run(event, () => runner.run(event, signal)),
      now: () => performance.timeOrigin + performance.now(),
      listenerFailed: () => undefined,
      concurrency: start.concurrency,
      perTurn: 64,
      handlerTimeoutMs: start.handlerTimeoutMs,
      doze: null,
    });
    setImmediate(() => this.boot(boots, Object.keys(handlers), lanes));
  }

  postMessage(message: ToThread): void {
    setImmediate(() => this.hear(message));
  }

  /** As if its process had ended it: what it holds stays claimed. */
  dies(): void {
    if (this.isGone) return;
    this.isGone = true;
    clearInterval(this.beat);
    void this.consumer.stop();
    setImmediate(() => this.emit('exit', 1));
  }

  terminate(): Promise<number> {
    this.dies();
    return Promise.resolve(1);
  }

  ref(): void {}
  unref(): void {}

  private boot(boots: boolean, types: string[], lanes: LaneReader): void {
    if (!boots) {
      this.says({ kind: 'boot-failed', error: { name: 'Error', message: 'cannot boot' } });
      this.dies();
      return;
    }
    this.beat = setInterval(() => lanes.cells.beat(), this.start.beatEveryMs).unref();
    this.says({ kind: 'ready', handles: types.map((type) => ({ type, place: 'threads' })) });
  }

  private run(event: StoredEvent, run: () => unknown): unknown {
    if (this.isGone) return new Promise(() => undefined);
    try {
      const answer = run();
      return answer instanceof Promise ? answer.catch((error: unknown) => this.failed(error)) : answer;
    } catch (error) {
      return this.failed(error);
    }
  }

  private failed(error: unknown): unknown {
    if (!(error instanceof Dies)) throw error;
    this.dies();
    return new Promise(() => undefined);
  }

  private says(message: FromThread): void {
    // A message that was posted arrives, whatever became of its thread.
    setImmediate(() => this.emit('message', message));
  }

  private hear(message: ToThread): void {
    if (this.isGone) return;
    if (message === 0) this.consumer.wake();
    else if (message.kind === 'types') {
      this.types = message.types;
      this.consumer.wake();
    } else if (message.kind === 'stop') {
      void this.consumer.stop().then(() => {
        if (this.isGone) return;
        this.isGone = true;
        clearInterval(this.beat);
        setImmediate(() => this.emit('exit', 0));
      });
    }
  }
}
