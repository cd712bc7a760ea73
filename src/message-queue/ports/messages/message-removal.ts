import { ResistingFilesError } from '../attachments/attachment-removal.js';
import type { MessageTraces } from '../privacy/message-traces.js';
import type { CleanupSelection, CleanupStore } from './cleanup-store.js';

/** What one step removed. */
export interface RemovedMessages {
  /** 0: none is left. */
  readonly messages: number;
  /** Records of them, by what held them. */
  readonly traces: ReadonlyMap<string, number>;
}

/**
 * Removes messages with all their traces, step by step: first the traces, so that a crash leaves a claim that leads to the rest. A message
 * whose file resists stays claimed, and holds up no others.
 */
export class MessageRemoval {
  private readonly resisting = new Set<string>();
  private failure: unknown;

  constructor(
    private readonly store: CleanupStore,
    private readonly traces: MessageTraces,
  ) {}

  /**
   * Removes the next messages, those that earlier runs have claimed first.
   * @throws when the files of all that are left resist; what the stores and the trace holders throw; signal.reason
   */
  async next(selection: CleanupSelection, limit: number, signal: AbortSignal): Promise<RemovedMessages> {
    signal.throwIfAborted();
    const claimed = await this.store.claim(selection, limit, signal);
    if (claimed.length === 0) return { messages: 0, traces: new Map() };
    const traces = await this.eraseTraces(claimed, signal);
    const ids = this.removable(claimed);
    const messages = await this.store.removeClaimed(ids, signal);
    // A store that keeps what it claimed would be asked forever.
    if (messages === 0) throw new Error(`The cleanup store removed none of ${ids.length} claimed messages.`);
    return { messages, traces };
  }

  private async eraseTraces(
    claimed: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    for (;;) {
      const ids = this.removable(claimed);
      if (ids.length === 0) throw this.failure;
      try {
        return await this.traces.eraseMessages(ids, signal);
      } catch (error) {
        const resisting = error instanceof ResistingFilesError ? error.messageIds : [];
        if (!ids.some((id) => resisting.includes(id))) throw error;
        for (const id of resisting) this.resisting.add(id);
        this.failure = error;
      }
    }
  }

  private removable(claimed: readonly string[]): string[] {
    return claimed.filter((id) => !this.resisting.has(id));
  }
}
