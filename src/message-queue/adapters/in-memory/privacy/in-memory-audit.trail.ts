import { Inject, Injectable, Optional } from '@nestjs/common';
import { AuditTrail } from '../../../ports/privacy/audit-trail.js';
import type { AuditExtent, AuditHead, AuditQuery, AuditRecord } from '../../../ports/privacy/audit-trail.js';
import type { Page } from '../../../ports/page.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { pageOf } from '../page-of.js';

/** The audit in memory. Forgets the oldest entries, and all of them with the process. */
@Injectable()
export class InMemoryAuditTrail extends AuditTrail {
  readonly #records: BoundedMap<AuditRecord>;
  #head: AuditHead | null = null;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.#records = new BoundedMap(
      limits,
      ({ actor, jobId, mac, previous }) => actor.length + (jobId?.length ?? 0) + mac.length + previous.length,
    );
  }

  override extent(signal?: AbortSignal): Promise<AuditExtent> {
    return answer(signal, () => {
      const [oldest] = this.#records.keys();
      return { head: this.#head, oldestSeq: oldest === undefined ? 1 : Number(oldest) };
    });
  }

  override append(record: AuditRecord, seal: string, signal?: AbortSignal): Promise<'appended' | 'conflict'> {
    return answer(signal, () => {
      const { seq, mac } = record;
      if (seq !== (this.#head?.seq ?? 0) + 1) return 'conflict';
      this.#records.set(String(seq), record);
      this.#head = { seq, mac, seal };
      return 'appended';
    });
  }

  override after(seq: number, limit: number, signal?: AbortSignal): Promise<readonly AuditRecord[]> {
    return answer(signal, () =>
      this.#records
        .values()
        .filter((record) => record.seq > seq)
        .slice(0, limit),
    );
  }

  override list(query: AuditQuery = {}, signal?: AbortSignal): Promise<Page<AuditRecord>> {
    const { actions } = query;
    return answer(signal, () => {
      const asked = this.#records
        .values()
        .filter(({ action }) => actions === undefined || actions.includes(action));
      return pageOf(asked, ({ seq }) => [seq, '.'], 'newest-first', query);
    });
  }
}
