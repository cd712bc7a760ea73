import type { AuditHead, AuditRecord, AuditTrail } from '../../ports/privacy/audit-trail.js';
import type { NameKeys } from '../keys/name-keys.js';
import { ChainKey } from './chain-key.js';

/**
 * What is wrong with an audit. `missing`: an entry is gone. `changed`: its MAC does not fit it. `unlinked`: it does not follow the one before
 * it. `unknown-key`: nobody has the key that signed it. `head`: the end is not where it was said to be. `taken-back`: it ends before, or
 * differs from, what you knew of it.
 */
export type AuditProblem = 'missing' | 'changed' | 'unlinked' | 'unknown-key' | 'head' | 'taken-back';

/** One thing that is wrong, and where. */
export interface AuditFault {
  /** Number of the entry. */
  readonly seq: number;
  readonly problem: AuditProblem;
}

/** What a look over the whole audit found. */
export interface AuditVerdict {
  readonly intact: boolean;
  /** How many entries were read. */
  readonly entries: number;
  /**
   * The end of it, or null when nothing was ever written. Keep it elsewhere and give it to the next `verify`: a database that was taken back as a
   * whole, to a backup for instance, fits in itself, and only somebody who remembers can tell.
   */
  readonly end: { readonly seq: number; readonly mac: string } | null;
  /** The first 100 of them. */
  readonly faults: readonly AuditFault[];
}

const PAGE = 500;
const MOST_FAULTS = 100;

/** Reads an audit once, from its first entry to its end. */
export class AuditVerification {
  private readonly faults: AuditFault[] = [];
  private readonly keys = new Map<string, ChainKey | null>();
  private entries = 0;
  /** The number that must come next. */
  private next = 1;
  /** The MAC that the next entry must follow; null where nobody can tell. */
  private lastMac: string | null = '';
  private lastKey: ChainKey | null = null;

  /** @param known the `end` of an earlier verdict */
  constructor(
    private readonly trail: AuditTrail,
    private readonly names: NameKeys,
    private readonly known: AuditVerdict['end'],
  ) {}

  /** @throws what the trail throws, KeyUnavailableError, signal.reason */
  async run(signal: AbortSignal | undefined): Promise<AuditVerdict> {
    const { head, oldestSeq } = await this.trail.extent(signal);
    if (oldestSeq > 1) {
      this.next = oldestSeq;
      this.lastMac = null;
    }
    for (let page = await this.page(head, signal); page.length > 0; page = await this.page(head, signal)) {
      for (const record of page) await this.look(record);
    }
    await this.lookAtEnd(head, signal);
    const end = head === null ? null : { seq: head.seq, mac: head.mac };
    return { intact: this.faults.length === 0, entries: this.entries, end, faults: this.faults };
  }

  /** What is written meanwhile is left to the next look. */
  private async page(head: AuditHead | null, signal: AbortSignal | undefined): Promise<AuditRecord[]> {
    signal?.throwIfAborted();
    const page = await this.trail.after(this.next - 1, PAGE, signal);
    return page.filter(({ seq }) => head !== null && seq <= head.seq);
  }

  private async look(record: AuditRecord): Promise<void> {
    const { seq, mac, keyId, previous } = record;
    const isLinked = this.lastMac === null || previous === this.lastMac;
    if (seq !== this.next) this.note(this.next, 'missing');
    else if (!isLinked) this.note(seq, 'unlinked');
    this.lastKey = await this.key(keyId);
    if (this.lastKey === null) this.note(seq, 'unknown-key');
    else if (this.lastKey.macOf(record) !== mac) this.note(seq, 'changed');
    if (this.known?.seq === seq && this.known.mac !== mac) this.note(seq, 'taken-back');
    this.next = seq + 1;
    this.lastMac = mac;
    this.entries += 1;
  }

  private async lookAtEnd(head: AuditHead | null, signal: AbortSignal | undefined): Promise<void> {
    const endSeq = head?.seq ?? 0;
    if (head !== null && this.next <= endSeq) this.note(this.next, 'missing');
    else if (head !== null && !this.isEnd(head)) this.note(endSeq, 'head');
    const [beyond] = await this.trail.after(endSeq, 1, signal);
    const { head: now } = beyond === undefined ? { head } : await this.trail.extent(signal);
    if (beyond !== undefined && (now?.seq ?? 0) <= endSeq) this.note(beyond.seq, 'head');
    if (this.known !== null && this.known.seq > endSeq) this.note(this.known.seq, 'taken-back');
  }

  private isEnd(head: AuditHead): boolean {
    return this.lastMac === head.mac && (this.lastKey === null || this.lastKey.sealOf(head) === head.seal);
  }

  private async key(id: string): Promise<ChainKey | null> {
    const known = this.keys.get(id);
    if (known !== undefined) return known;
    const found = await this.names.byId(id);
    const key = found === null ? null : new ChainKey(found);
    this.keys.set(id, key);
    return key;
  }

  private note(seq: number, problem: AuditProblem): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push({ seq, problem });
  }
}
