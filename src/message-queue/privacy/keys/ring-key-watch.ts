import type { Clock } from '../../../kernel/time/clock.js';
import type { WrappedCount } from '../../ports/privacy/data-key-store.js';
import type { KeyRotation } from './key-rotation.js';

/** How long an answer holds, milliseconds: health is asked often, and counting reads a part of every key. */
const HOLDS_MS = 30_000;

/** Which keys of the ring are missing, for health: an answer is at most 30 s old. */
export class RingKeyWatch {
  private readonly clock: Clock;
  private asked: { readonly answer: Promise<readonly WrappedCount[]>; readonly at: number } | undefined;

  /** @param rotation null where no data keys are stored: then none is missing */
  constructor(
    private readonly rotation: KeyRotation | null,
    clock: Clock,
  ) {
    this.clock = clock.steady();
  }

  /** Ring keys that wrap data keys and that the key provider does not know. @throws what the store and the key provider throw */
  missing(): Promise<readonly WrappedCount[]> {
    if (this.rotation === null) return Promise.resolve([]);
    const now = this.clock.now();
    if (this.asked === undefined || now - this.asked.at >= HOLDS_MS) {
      const asked = { answer: this.rotation.missingRingKeys(), at: now };
      asked.answer.catch(() => (this.asked = this.asked === asked ? undefined : this.asked));
      this.asked = asked;
    }
    return this.asked.answer;
  }
}
