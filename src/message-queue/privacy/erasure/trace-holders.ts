import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { MessageTraces } from '../../ports/privacy/message-traces.js';
import type { Deletion, TraceHolder, TraceTarget } from '../../ports/privacy/trace-holder.js';
import { Tally } from './tally.js';

/** Records per call of a holder: each is one short transaction. */
export const ERASE_STEP = 500;

/** The trace holders of an app: the one list from which clean-up, deletion, shredding, erasure and recall are built. */
export class TraceHolders extends MessageTraces {
  private found: readonly TraceHolder[] | undefined;

  /** @param find called once, when the holders are first needed; in the order in which they are emptied */
  constructor(private readonly find: () => readonly TraceHolder[]) {
    super();
  }

  /** @throws InvalidConfigurationError when two have one name */
  get all(): readonly TraceHolder[] {
    return (this.found ??= checked(this.find()));
  }

  override eraseMessages(messageIds: readonly string[], signal: AbortSignal): Promise<Tally> {
    return this.erase({ kind: 'messages', messageIds }, `${messageIds.length} messages`, signal);
  }

  override eraseDeletions(deletions: readonly Deletion[], signal: AbortSignal): Promise<Tally> {
    return this.erase({ kind: 'deletions', deletions }, `${deletions.length} deleted conversations`, signal);
  }

  private async erase(target: TraceTarget, what: string, signal: AbortSignal): Promise<Tally> {
    const removed = new Tally();
    const failures = new Failures(signal);
    for (const holder of this.all) {
      await failures.attempt(holder.holds, async () => {
        removed.add(holder.holds, await eraseAll(holder, target, signal));
      });
    }
    failures.throwIfAny();
    for (const holder of this.all) {
      const left = await holder.countTraces(target, signal);
      if (left > 0) {
        throw new Error(
          `"${holder.holds}" still has ${left} records of ${what} after all were erased there.`,
        );
      }
    }
    return removed;
  }
}

/** Empties one holder of a target. @returns how many records it had */
export async function eraseAll(
  holder: TraceHolder,
  target: TraceTarget,
  signal: AbortSignal,
): Promise<number> {
  for (let removed = 0; ;) {
    signal.throwIfAborted();
    const count = await holder.eraseTraces(target, ERASE_STEP, signal);
    if (count === 0) return removed;
    removed += count;
  }
}

function checked(holders: readonly TraceHolder[]): readonly TraceHolder[] {
  const names = holders.map(({ holds }) => holds);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return holders;
  throw new InvalidConfigurationError('The trace holders of the app are wrong:', [
    { path: twice, message: 'is the name of two trace holders; receipts could not tell them apart' },
  ]);
}

/** What failed while the rest went on. */
export class Failures {
  private readonly errors = new Map<string, unknown>();

  constructor(private readonly signal: AbortSignal) {}

  /** @returns whether it succeeded @throws signal.reason */
  async attempt(name: string, act: () => Promise<void>): Promise<boolean> {
    this.signal.throwIfAborted();
    try {
      await act();
      return true;
    } catch (error) {
      this.signal.throwIfAborted();
      this.errors.set(name, error);
      return false;
    }
  }

  /** @throws what the one that failed threw, or an AggregateError that names all */
  throwIfAny(): void {
    const errors = [...this.errors.values()];
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1)
      throw new AggregateError(errors, `These failed: ${[...this.errors.keys()].join(', ')}.`);
  }
}
