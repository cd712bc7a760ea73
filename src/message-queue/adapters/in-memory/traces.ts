import type { TraceTarget } from '../../ports/privacy/trace-holder.js';
import type { Belonging, InMemoryMessages } from './messages/in-memory-messages.js';
import { isOfDeletion, isOfSubject } from './trace-targets.js';

/** Removes the next of a target's traces. @returns how many */
export function eraseNext<Trace>(
  traces: readonly Trace[],
  limit: number,
  erase: (trace: Trace) => unknown,
): number {
  const next = traces.slice(0, limit);
  for (const trace of next) erase(trace);
  return next.length;
}

/** Whether something that people were told is of a target, by its message, its conversation or who was told, and no legal hold keeps it. */
export function isToldOf(
  data: InMemoryMessages,
  target: TraceTarget,
): (record: Belonging & { readonly recipientId: string }) => boolean {
  const ids = data.idsOf(target);
  const isOf = isOfDeletion(target.kind === 'deletions' ? target.deletions : []);
  const isTo = isOfSubject(target);
  const except = target.kind === 'subject' ? target.exceptConversations : [];
  return (record) => {
    const { messageId, conversationId, writtenAt } = record;
    if (ids.has(messageId ?? '')) return true;
    const place = conversationId ?? data.message(messageId ?? '')?.conversationId;
    if (data.isHeld(place) || except.includes(place ?? '')) return false;
    const isIn = target.kind === 'conversation' && conversationId === target.conversationId;
    return isIn || isOf(conversationId, writtenAt) || isTo(record);
  };
}
