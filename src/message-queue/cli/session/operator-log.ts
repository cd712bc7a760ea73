import type { ActivityStore, OperatorEntry } from '../../broker/activity-store.js';

/** What somebody does with a command. */
export type Deed = Pick<OperatorEntry, 'by' | 'action' | 'target' | 'reason'> & {
  readonly filter?: object;
};

/** Writes down what is done with commands: all who operate the queues see it in one list. */
export class OperatorLog {
  constructor(private readonly activity: ActivityStore) {}

  /**
   * Does what can only be done if it can be written down: before it begins, and when it has ended.
   * @param countOf how many jobs it was
   */
  async noted<T>(
    deed: Deed,
    act: () => Promise<T>,
    countOf: (result: T) => number | null = () => null,
  ): Promise<T> {
    await this.note(deed, 'begun', null);
    let result: T;
    try {
      result = await act();
    } catch (error) {
      await this.note(deed, 'failed', null).catch(() => undefined);
      throw error;
    }
    await this.note(deed, 'done', countOf(result));
    return result;
  }

  /** Writes one entry. */
  async note(
    { filter, ...deed }: Deed,
    outcome: OperatorEntry['outcome'],
    count: number | null,
  ): Promise<void> {
    const written = filter === undefined ? null : JSON.stringify(filter);
    await this.activity.note({ ...deed, filter: written, count, outcome, via: 'cli' });
  }
}
