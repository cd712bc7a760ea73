import workerThreads from 'node:worker_threads';
import type { Worker } from 'node:worker_threads';

/** Every thread that is started from now on, so that a test can end one from outside, and sees that none is left. */
export class WitnessedThreads {
  private readonly living = new Set<Worker>();
  private readonly ready = new Set<Worker>();
  /** Threads started so far. */
  started = 0;

  /** Before the package is loaded, or at least before it starts a thread. */
  static watch(): WitnessedThreads {
    const witnessed = new WitnessedThreads();
    const born = (thread: Worker): void => witnessed.welcome(thread);
    workerThreads.Worker = class extends workerThreads.Worker {
      constructor(...parameters: ConstructorParameters<typeof Worker>) {
        super(...parameters);
        born(this);
      }
    };
    return witnessed;
  }

  /** Those that have not ended, in order of their start. */
  get alive(): readonly Worker[] {
    return [...this.living];
  }

  /** Those of them that have booted: Node 20 and 22 end the whole process when a thread is terminated while it loads an ES module by `require`. */
  get booted(): readonly Worker[] {
    return this.alive.filter((thread) => this.ready.has(thread));
  }

  private welcome(thread: Worker): void {
    this.started += 1;
    this.living.add(thread);
    thread.on('message', ({ kind }: { kind?: string }) => {
      if (kind === 'ready') this.ready.add(thread);
    });
    thread.once('exit', () => {
      this.living.delete(thread);
      this.ready.delete(thread);
    });
  }
}
