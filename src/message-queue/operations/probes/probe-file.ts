import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../kernel/time/repeated-task.js';
import type { ProcessProbes } from './process-probes.js';

const TOUCH_EVERY_MS = 5_000;

/**
 * Tells by a file whether the process is ready: it is touched every 5 s while it is, and taken away when it is not any more. A process whose
 * event loop hangs touches nothing, so an old file says that it no longer lives.
 */
export class ProbeFile {
  readonly #logger = new SafeLogger('MessageQueueModule');
  readonly #task: RepeatedTask;
  #isOver = false;
  #hasFailed = false;

  constructor(
    private readonly path: string,
    private readonly probes: Pick<ProcessProbes, 'isReady'>,
    clock: Clock,
  ) {
    this.#task = new RepeatedTask({
      clock,
      turn: async () => {
        const isReady = await this.probes.isReady();
        if (isReady && !this.#isOver) this.#touch();
        else this.#remove();
        return TOUCH_EVERY_MS;
      },
      failed: (error) => {
        this.#tell(error);
        return TOUCH_EVERY_MS;
      },
    });
  }

  /**
   * Takes a file of an earlier process away, and sees that one can be made.
   * @throws InvalidConfigurationError when it cannot
   */
  open(): void {
    try {
      writeFileSync(this.path, '');
      this.#remove();
    } catch (error) {
      throw new InvalidConfigurationError('The probes cannot be seen:', [
        {
          path: 'operations.probes.file (MESSAGE_QUEUE_PROBES)',
          message: `cannot be written: ${(error as Error).message}; its directory must be there, and writable for this user`,
        },
      ]);
    }
    this.#isOver = false;
  }

  /** The process has started: from now on the file is there while it is ready. */
  async begin(): Promise<void> {
    if (!this.#isOver) await this.#task.start();
  }

  /** A shutdown begins: the file is gone when this returns. */
  end(): void {
    this.#isOver = true;
    this.#remove();
    void this.#task.stop();
  }

  #touch(): void {
    const now = new Date();
    writeFileSync(this.path, '');
    utimesSync(this.path, now, now);
    this.#hasFailed = false;
  }

  #remove(): void {
    try {
      rmSync(this.path, { force: true });
    } catch (error) {
      this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#logger.warn(
      `The file ${this.path} does not say whether this process is ready: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
