import { Injectable } from '@nestjs/common';
import { CircuitOpenError } from '../jobs/errors.js';
import { CircuitBreakers } from '../ports/circuit-breakers.js';
import type { BreakerStatus } from '../ports/circuit-breakers.js';

/** Breakers that never open by themselves; a test opens and closes them. */
@Injectable()
export class ManualCircuitBreakers extends CircuitBreakers {
  private readonly counts = new Map<string, number>();
  private readonly opened = new Map<string, number>();

  /** Refuses calls to a dependency until `close`. */
  open(dependency: string, retryAfterMs = 1_000): void {
    this.opened.set(dependency, retryAfterMs);
  }

  /** Lets calls through again. */
  close(dependency: string): void {
    this.opened.delete(dependency);
  }

  /** How many calls a dependency got, refused ones included. */
  callsTo(dependency: string): number {
    return this.counts.get(dependency) ?? 0;
  }

  override async run<T>(dependency: string, call: () => Promise<T>): Promise<T> {
    this.counts.set(dependency, this.callsTo(dependency) + 1);
    const retryAfterMs = this.opened.get(dependency);
    if (retryAfterMs !== undefined) throw new CircuitOpenError(dependency, retryAfterMs);
    return call();
  }

  override statuses(): readonly BreakerStatus[] {
    return [...this.counts.keys()].sort().map((dependency) => ({
      ...{ dependency, state: this.opened.has(dependency) ? 'OPEN' : 'CLOSED', failures: 0 },
      ...{ openedAt: null, retryAfterMs: this.opened.get(dependency) ?? 0, lastError: null },
    }));
  }
}
