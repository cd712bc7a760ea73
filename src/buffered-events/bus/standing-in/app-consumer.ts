import { MAIN_OWNER } from '../../buffer/buffer-words.js';
import type { Hold, StoredEvent } from '../../buffer/buffer-words.js';
import type { EventBuffer } from '../../buffer/event-buffer.js';
import { LaneReader } from '../../buffer/lane-reader.js';
import type { LaneWeights } from '../../buffer/weighted-turns.js';
import type { EventBusSettings } from '../../configuration/event-bus-settings.js';
import { EventConsumer } from '../../consume/event-consumer.js';
import type { EventRunner } from '../../consume/event-runner.js';
import { HostCode } from '../../../kernel/host/host-code.js';
import { inRootContext } from '../../../kernel/host/root-context.js';
import type { ErrorRecord } from '../../events/event-words.js';
import type { BusTime } from '../../judge/bus-time.js';
import { AppSource } from './app-source.js';

/** What the consumer in the app's thread is made of. */
export interface AppConsumerParts {
  readonly settings: EventBusSettings;
  readonly buffer: EventBuffer;
  readonly runner: EventRunner;
  readonly now: () => number;
  readonly time: BusTime;
  readonly failed: (hold: Hold, error: ErrorRecord) => void;
  readonly giveUp: (event: StoredEvent) => void;
  /** A place became free that somebody waits for. */
  readonly room: () => void;
  /** Settles when what handlers need in the app is there; undefined: it is. */
  readonly appReady: Promise<void> | undefined;
}

/** Handles events in the app's thread, one per turn of its loop: those whose handlers run here, and those of threads while none lives. */
export class AppConsumer {
  private readonly source: AppSource;
  private readonly consumer: EventConsumer;
  private turn: NodeJS.Immediate | null = null;
  private isReady: boolean;

  constructor(private readonly parts: AppConsumerParts) {
    const { settings, buffer, runner, time, appReady } = parts;
    this.isReady = appReady === undefined;
    void appReady?.then(() => {
      this.isReady = true;
      this.ring();
    });
    const { critical, normal, low } = settings.priorities;
    const weights: LaneWeights = [critical, normal, low];
    const hostCode = new HostCode();
    this.source = new AppSource(
      buffer.main,
      new LaneReader(buffer.handle, MAIN_OWNER, weights),
      () => (buffer.quarantine = MAIN_OWNER),
      parts.giveUp,
    );
    this.consumer = new EventConsumer({
      source: this.source,
      cells: buffer.cells(MAIN_OWNER),
      outcomes: {
        done: (event) => {
          if (buffer.main.done(event)) parts.room();
        },
        failed: (event, error) => parts.failed(event, error),
      },
      run: (event, signal) => {
        time.enter();
        try {
          return runner.run(event, signal);
        } finally {
          time.leave();
        }
      },
      now: parts.now,
      listenerFailed: (error) => hostCode.failed("a listener of an event's signal", undefined, error),
      concurrency: settings.threads.concurrency,
      perTurn: 1,
      handlerTimeoutMs: settings.threads.handlerTimeoutMs,
      doze: null,
    });
  }

  get running(): number {
    return this.consumer.running;
  }

  /** There may be something to do: later in this turn, never in the middle of whoever says it. */
  ring(): void {
    if (!this.isReady) return;
    this.turn ??= inRootContext(() =>
      setImmediate(() => {
        this.turn = null;
        this.consumer.wake();
      }),
    );
  }

  /** Whether it does the work of threads, and of suspects too. */
  standIn(standsIn: boolean, runsSuspects: boolean): void {
    this.source.standsIn = standsIn;
    this.source.runsSuspects = runsSuspects;
    if (standsIn) this.ring();
  }

  /** Claims nothing more, and tells what runs to stop. @returns when it has settled */
  stop(reason: Error): Promise<void> {
    if (this.turn !== null) clearImmediate(this.turn);
    const idle = this.consumer.stop();
    this.consumer.abort(reason);
    return idle;
  }
}
