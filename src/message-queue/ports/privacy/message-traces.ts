import type { Deletion } from './trace-holder.js';

/** What all trace holders of the app have of messages. */
export abstract class MessageTraces {
  /**
   * Removes it, holder by holder, and counts again. The messages themselves stay: their claim is what a repeat starts from.
   * @param messageIds at most 10 000, claimed by the caller
   * @returns how many records each holder had, by its `holds`
   * @throws when a holder has something left; what it throws; signal.reason
   */
  abstract eraseMessages(
    messageIds: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>>;

  /**
   * Removes what was written in deleted conversations and no message leads to any more, holder by holder, and counts again.
   * @param deletions at most 200, of conversations that no legal hold keeps
   * @throws as `eraseMessages`
   */
  abstract eraseDeletions(
    deletions: readonly Deletion[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>>;
}
