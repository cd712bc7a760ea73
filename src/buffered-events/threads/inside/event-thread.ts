import type { MessagePort } from 'node:worker_threads';
import { LaneReader } from '../../buffer/lane-reader.js';
import { errorRecordOf } from '../../consume/error-record.js';
import { EventConsumer } from '../../consume/event-consumer.js';
import { EventHandlers } from '../../consume/event-handlers.js';
import { EventRunner } from '../../consume/event-runner.js';
import { EventTimeoutError } from '../../events/errors.js';
import { bindThread } from '../../../kernel/host/handlers-host.js';
import { HostCode } from '../../../kernel/host/host-code.js';
import { bootHandlers } from '../boot/boot-handlers.js';
import type { BootedHandlers } from '../boot/boot-handlers.js';
import { loadThreadModule } from '../boot/load-thread-module.js';
import { timeOriginFrom } from '../shared-origin.js';
import type { FromThread, HandledType, ThreadStart, ToThread } from '../thread-messages.js';
import { outputWritten } from './output-written.js';
import { ThreadBus } from './thread-bus.js';
import { ThreadLogger } from './thread-logger.js';

/** Events that a thread claims before its timers and sockets go on. */
const PER_TURN = 64;
/** What of the time to stop is left to handlers that are told to: a tenth, at most so many milliseconds. */
const LONGEST_GOODBYE_MS = 1_000;

/** A worker thread: boots its module, claims events until it is told to stop, and ends. */
export class EventThread {
  private readonly handlers = new EventHandlers();
  private readonly bus: ThreadBus;
  private readonly reader: LaneReader;
  private readonly consumer: EventConsumer;
  private types: readonly string[] = [];
  private beat: NodeJS.Timeout | undefined;
  private booted: BootedHandlers | undefined;
  /** What runs was told to stop: whatever fails now is not to blame. */
  private isLeaving = false;

  constructor(
    private readonly port: MessagePort,
    private readonly start: ThreadStart,
  ) {
    this.bus = new ThreadBus(this.handlers, start.maxEventSize, (message) => this.post(message));
    this.reader = new LaneReader(start.buffer, start.owner, start.weights);
    this.consumer = this.newConsumer();
    bindThread(this.bus);
    port.on('message', (message: ToThread) => this.hear(message));
  }

  /** Boots the module and reports what it handles, or why it could not. */
  async boot(): Promise<void> {
    const { module, logLevels } = this.start;
    const logger = new ThreadLogger((line) => this.post(line), logLevels);
    try {
      this.booted = await bootHandlers(await loadThreadModule(module), this.bus, logger);
    } catch (error) {
      this.post({ kind: 'boot-failed', error: errorRecordOf(error) });
      await this.exit(1);
      return;
    }
    const { handlers } = this.booted;
    for (const handler of handlers) if (handler.place === 'threads') this.handlers.add(handler.type, handler);
    this.bus.booted();
    this.post({ kind: 'ready', handles: this.handled(handlers) });
  }

  private handled(found: BootedHandlers['handlers']): HandledType[] {
    const here = this.handlers.types.map((type): HandledType => ({ type, place: 'threads' }));
    const inApp = new Set(found.filter(({ place }) => place === 'main').map(({ type }) => type));
    return [...here, ...[...inApp].map((type): HandledType => ({ type, place: 'main' }))];
  }

  private newConsumer(): EventConsumer {
    const { bus, owner, timeOrigin, concurrency, handlerTimeoutMs } = this.start;
    const runner = new EventRunner(bus, (type) => this.types[type], this.handlers);
    const origin = timeOriginFrom(timeOrigin);
    const host = new HostCode();
    return new EventConsumer({
      source: this.reader,
      cells: this.reader.cells,
      outcomes: {
        done: (event) => {
          if (this.reader.done(event)) this.post({ kind: 'room' });
        },
        failed: ({ slot, generation }, error) => {
          // The app gives it out again when this thread is gone, and counts nothing.
          if (!this.isLeaving) this.post({ kind: 'failed', slot, generation, error });
        },
      },
      run: (event, signal) => runner.run(event, signal),
      now: () => origin + performance.now(),
      listenerFailed: (error) =>
        host.failed(`a listener of ctx.signal in event thread ${owner}`, undefined, error),
      concurrency,
      perTurn: PER_TURN,
      handlerTimeoutMs,
      doze: {
        isTaken: () => this.reader.othersDoze,
        callForHelp: () => this.post({ kind: 'behind' }),
      },
    });
  }

  private hear(message: ToThread): void {
    if (message === 0) this.consumer.wake();
    else if (message.kind === 'types') this.learn(message.types);
    else if (message.kind === 'emitted') this.bus.answered(message);
    else void this.stop(message.withinMs);
  }

  private learn(types: readonly string[]): void {
    this.types = types;
    this.beat ??= setInterval(() => this.reader.cells.beat(), this.start.beatEveryMs);
    this.consumer.wake();
  }

  private async stop(withinMs: number): Promise<void> {
    const reason = new EventTimeoutError(
      'The worker thread was told to stop, and its time to finish is nearly over.',
    );
    const goodbyeMs = Math.min(LONGEST_GOODBYE_MS, withinMs / 10);
    const goodbye = setTimeout(() => {
      this.isLeaving = true;
      this.consumer.abort(reason);
    }, withinMs - goodbyeMs);
    await this.consumer.stop();
    clearTimeout(goodbye);
    this.bus.close();
    await this.booted?.close();
    await this.exit(0);
  }

  private async exit(code: number): Promise<void> {
    clearInterval(this.beat);
    await outputWritten();
    process.exit(code);
  }

  private post(message: FromThread): void {
    this.port.postMessage(message);
  }
}
