import type { TraceTarget } from '../../ports/privacy/trace-holder.js';

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

/** Whether a record is of the person that a target is about. */
export function isOfSubject(target: TraceTarget): (record: { readonly recipientId: string }) => boolean {
  return ({ recipientId }) => target.kind === 'subject' && recipientId === target.subjectId;
}
