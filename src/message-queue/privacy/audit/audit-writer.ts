import { setTimeout as pause } from 'node:timers/promises';
import { answeredWithin } from '../../../kernel/time/answered-within.js';
import type { Clock } from '../../../kernel/time/clock.js';
import type { AuditPhase, AuditRecord, AuditTrail } from '../../ports/privacy/audit-trail.js';
import type { NameKeys } from '../keys/name-keys.js';
import { recordOf } from './audit-entry.js';
import type { AuditEntry } from './audit-entry.js';
import { AuditUnavailableError } from './audit-errors.js';
import { ChainKey } from './chain-key.js';

/** How long an entry may take, waiting for others included, milliseconds. */
const TIMEOUT_MS = 5_000;
/** How long at most a process waits before it tries again to be the next one, milliseconds. */
const LONGEST_PAUSE_MS = 20;

/** Adds entries to the end of the chain: one at a time in this process, and in turns with other processes. */
export class AuditWriter {
  private lastTurn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly trail: AuditTrail,
    private readonly names: NameKeys,
    private readonly clock: Clock,
  ) {}

  /** @throws AuditUnavailableError when it is not written within 5 s */
  async write(entry: AuditEntry, phase: AuditPhase): Promise<AuditRecord> {
    const at = entry.at ?? new Date(this.clock.now());
    const controller = new AbortController();
    const turn = this.lastTurn.then(() => this.inTime(this.link(entry, at, phase, controller.signal)));
    this.lastTurn = turn.catch(() => undefined);
    try {
      return await this.inTime(turn);
    } catch (cause) {
      controller.abort(cause);
      throw new AuditUnavailableError(
        'The audit did not take the entry, so nothing was done: look at the AuditTrail and, for its key, at the data key store and the key provider. The same call again is safe.',
        { cause },
      );
    }
  }

  private async link(
    entry: AuditEntry,
    at: Date,
    phase: AuditPhase,
    signal: AbortSignal,
  ): Promise<AuditRecord> {
    for (;;) {
      signal.throwIfAborted();
      const key = new ChainKey(await this.names.current());
      const { head } = await this.trail.extent(signal);
      const { seq, mac: previous } = head ?? { seq: 0, mac: '' };
      const unsigned = recordOf(entry, at, { seq: seq + 1, phase, keyId: key.id, previous });
      const record = { ...unsigned, mac: key.macOf(unsigned) };
      if ((await this.trail.append(record, key.sealOf(record), signal)) === 'appended') return record;
      // Another process was the next one.
      await pause(Math.random() * LONGEST_PAUSE_MS);
    }
  }

  private inTime<T>(work: Promise<T>): Promise<T> {
    const tooLate = (): Error => new Error(`It was not written within ${TIMEOUT_MS} ms.`);
    return answeredWithin(work, TIMEOUT_MS, tooLate, this.clock);
  }
}
