import { versionOf } from '../../../../jobs/queue-definition.js';
import { letKnownWaitScript } from '../../scripts/keep-jobs.lua.js';
import type { QueueCommands } from '../queue-commands.js';

/** How many jobs one call looks at. */
const PAGE = 2_000;
/** How many calls one turn makes at most. */
const MOST_PAGES = 10;

/** Lets jobs wait that workers passed on and this one knows, without the rest of their pauses. */
export class PassedOnJobs {
  private readonly known: readonly (string | number)[];
  /** How many of them are left out by the next call of a turn. */
  private seen = 0;
  private isLooking = false;

  constructor(private readonly commands: QueueCommands) {
    const { definition } = commands.queue;
    this.known = Object.keys(definition.jobs).flatMap((job) => [job, versionOf(definition, job)]);
  }

  /** Looks at all of them. @param isOver asked between two calls */
  async letAllWait(isOver: () => boolean): Promise<void> {
    for (let from = 0, looked = PAGE; looked === PAGE && !isOver(); from += looked) {
      [looked] = await this.letWait(from);
    }
  }

  /**
   * For a worker that has nothing else to do: looks at some of them, at more as long as there are any that it knows, and goes on
   * from there the next time.
   */
  async letSomeWait(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      for (let page = 0; page < MOST_PAGES; page++) {
        const [looked, waiting] = await this.letWait(this.seen);
        this.seen = looked < PAGE ? 0 : this.seen + looked;
        if (waiting === 0 || looked < PAGE) return;
      }
    } finally {
      this.isLooking = false;
    }
  }

  private async letWait(from: number): Promise<[looked: number, waiting: number]> {
    const args = [this.commands.queue.lockToken, from, PAGE, ...this.known];
    return (await this.commands.run(letKnownWaitScript, args)) as [number, number];
  }
}
