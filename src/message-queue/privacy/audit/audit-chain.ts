import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { Clock } from '../../../kernel/time/clock.js';
import type {
  AuditPhase,
  AuditQuery,
  AuditRecord,
  AuditTarget,
  AuditTrail,
} from '../../ports/privacy/audit-trail.js';
import type { Page } from '../../ports/page.js';
import { nameHash } from '../keys/name-keys.js';
import type { NameKeys } from '../keys/name-keys.js';
import { checkEntry } from './audit-entry.js';
import type { AuditEntry } from './audit-entry.js';
import { AuditVerification } from './audit-verification.js';
import type { AuditVerdict } from './audit-verification.js';
import { AuditWriter } from './audit-writer.js';

/**
 * Who did what, in a chain: each entry carries a MAC over itself and the one before it, and the end is signed apart, so that whoever changes or
 * removes an entry in the database is found out. Ids of people, conversations and messages stand in it only as keyed hashes.
 */
export class AuditChain {
  private readonly logger = new SafeLogger('Audit');
  private readonly writer: AuditWriter;

  constructor(
    private readonly trail: AuditTrail,
    private readonly names: NameKeys,
    clock: Clock,
  ) {
    this.writer = new AuditWriter(trail, names, clock);
  }

  /** What an entry names in the place of an id: the same hash that a tombstone of it has. @throws KeyUnavailableError */
  async target(kind: string, id: string): Promise<AuditTarget> {
    return { kind, hash: nameHash(await this.names.current(), `${kind}:${id}`) };
  }

  /**
   * Writes an entry of something that was done (or, as with a sign-in, was refused).
   * @throws InvalidAuditEntryError; AuditUnavailableError when it is not written within 5 s
   */
  async append(entry: AuditEntry): Promise<AuditRecord> {
    checkEntry(entry);
    return this.writer.write(entry, 'done');
  }

  /**
   * Does something only if it can be written down: before it begins, and again when it has ended, with how many it was.
   * @param countOf of what `act` returned. Default: the entry's
   * @throws InvalidAuditEntryError, AuditUnavailableError, and then nothing was done; what `act` throws
   */
  async audited<T>(
    entry: Omit<AuditEntry, 'at'>,
    act: () => Promise<T>,
    countOf?: (result: T) => number,
  ): Promise<T> {
    checkEntry(entry);
    await this.writer.write(entry, 'begun');
    let result: T;
    try {
      result = await act();
    } catch (error) {
      await this.writeEnd(entry, 'failed');
      throw error;
    }
    await this.writeEnd({ ...entry, count: countOf?.(result) ?? entry.count }, 'done');
    return result;
  }

  /** Entries, the newest first. @throws InvalidCursorError; what the trail throws */
  list(query?: AuditQuery, signal?: AbortSignal): Promise<Page<AuditRecord>> {
    return this.trail.list(query, signal);
  }

  /**
   * Reads the whole audit and says whether an entry was changed or removed, the last one included, and where.
   * @param known the `end` of an earlier verdict, which you kept elsewhere. Default: none
   * @throws what the trail throws, KeyUnavailableError, signal.reason
   */
  verify(known: AuditVerdict['end'] = null, signal?: AbortSignal): Promise<AuditVerdict> {
    return new AuditVerification(this.trail, this.names, known).run(signal);
  }

  /** What was done is done: that its end is missing in the audit is all that can be said. */
  private async writeEnd(entry: AuditEntry, phase: AuditPhase): Promise<void> {
    try {
      await this.writer.write(entry, phase);
    } catch {
      this.logger.error(
        `"${entry.action}" has ended (${phase}), but the audit did not take it: its entry stays "begun" there.`,
      );
    }
  }
}
