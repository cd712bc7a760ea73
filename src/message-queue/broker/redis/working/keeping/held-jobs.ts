import { flowText } from '../../flow-text.js';
import { sweepGroupsScript } from '../../scripts/gates/groups.lua.js';
import type { QueueCommands } from '../queue-commands.js';

/** Least time between two sweeps of a queue's groups, whichever worker makes them, milliseconds. */
const SWEEP_EVERY_MS = 1_500;

/** Keeps the groups of one queue right: what its scripts know of the policy, and slots whose owners are gone. */
export class HeldJobs {
  constructor(
    private readonly commands: QueueCommands,
    private readonly now: () => number,
  ) {}

  /** Tells Redis what this worker's definition says; that of the worker that came last counts. */
  async keepPolicy(): Promise<void> {
    const { queue } = this.commands;
    const text = flowText(queue.definition.flow, queue);
    const key = `${queue.base}mq:flow`;
    await (text === '' ? queue.client.del(key) : queue.client.set(key, text));
  }

  /** The same where Redis may have come back without what it knew; what another worker told it since counts. */
  async restorePolicy(): Promise<void> {
    const { queue } = this.commands;
    const text = flowText(queue.definition.flow, queue);
    if (text !== '') await queue.client.set(`${queue.base}mq:flow`, text, 'NX');
  }

  /** Frees slots whose owners are gone. */
  async sweep(): Promise<void> {
    await this.commands.run(sweepGroupsScript, [this.now(), SWEEP_EVERY_MS]);
  }
}
