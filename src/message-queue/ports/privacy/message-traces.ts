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
}
