import type { CleanupSelection, CleanupStore } from '../../ports/messages/cleanup-store.js';
import { ConversationMembers } from '../../ports/messages/conversation-members.js';
import { ConversationStore } from '../../ports/messages/conversation-store.js';
import { MessageRemoval } from '../../ports/messages/message-removal.js';
import { MessageStore } from '../../ports/messages/message-store.js';
import type { TraceHolder } from '../../ports/privacy/trace-holder.js';
import type { ErasurePart } from './erasure-plan.js';
import { Tally } from './tally.js';
import { ERASE_STEP, eraseAll, Failures } from './trace-holders.js';
import type { TraceHolders } from './trace-holders.js';

/** How receipts name whole messages, which the CleanupStore removes. */
const MESSAGES = 'messages';

/** Called before each holder. */
export type ReportHolder = (name: string) => Promise<void>;

/**
 * Removes what trace holders have of a target, and counts it. Whatever it is stopped in, the same again goes on: what leads to other traces
 * (messages, copies, memberships, marks) goes last.
 */
export class ErasureEngine {
  constructor(
    private readonly holders: TraceHolders,
    private readonly cleanup: CleanupStore,
  ) {}

  /** What there is of all parts, holder by holder. Changes nothing. */
  async count(parts: readonly ErasurePart[], signal: AbortSignal): Promise<Tally> {
    const found = new Tally();
    for (const holder of this.holders.all) {
      found.add(holder.holds, 0);
      for (const { target } of parts) found.add(holder.holds, await holder.countTraces(target, signal));
    }
    found.add(MESSAGES, 0);
    for (const { messages } of parts) found.add(MESSAGES, await this.cleanup.count(messages, signal));
    return found;
  }

  /**
   * Removes all of these parts. A holder that fails keeps no other from being emptied, but what leads to its records stays.
   * @param removed gets how many records each holder had
   * @throws what the one that failed throws, or an AggregateError that names several, once all were tried; signal.reason
   */
  async erase(
    parts: readonly ErasurePart[],
    removed: Tally,
    signal: AbortSignal,
    report: ReportHolder,
  ): Promise<void> {
    const failures = new Failures(signal);
    for (const part of parts) await this.erasePart(part, removed, signal, report, failures);
    failures.throwIfAny();
  }

  /**
   * Removes messages that no legal hold keeps, with all that holders have of them.
   * @param removed gets how many there were, and how many records each holder had
   */
  async eraseMessages(
    messages: CleanupSelection,
    removed: Tally,
    signal: AbortSignal,
    report: ReportHolder,
  ): Promise<void> {
    await report(MESSAGES);
    const removal = new MessageRemoval(this.cleanup, this.holders);
    for (;;) {
      const step = await removal.next(messages, ERASE_STEP, signal);
      if (step.messages === 0) return;
      removed.addAll(step.traces);
      removed.add(MESSAGES, step.messages);
    }
  }

  private async erasePart(
    { target, messages }: ErasurePart,
    removed: Tally,
    signal: AbortSignal,
    report: ReportHolder,
    failures: Failures,
  ): Promise<void> {
    const empty = (holder: TraceHolder): Promise<boolean> =>
      failures.attempt(holder.holds, async () => {
        await report(holder.holds);
        removed.add(holder.holds, await eraseAll(holder, target, signal));
      });
    const { all } = this.holders;
    let areEmpty = true;
    for (const holder of all.filter((one) => !leadsToOthers(one)))
      areEmpty = (await empty(holder)) && areEmpty;
    const erase = (): Promise<void> => this.eraseMessages(messages, removed, signal, report);
    if (!areEmpty || !(await failures.attempt(MESSAGES, erase))) return;
    for (const holder of all.filter(leadsToOthers)) await empty(holder);
  }
}

function leadsToOthers(holder: TraceHolder): boolean {
  return (
    holder instanceof MessageStore ||
    holder instanceof ConversationStore ||
    holder instanceof ConversationMembers
  );
}
