import type { AuditRecord } from '../../ports/privacy/audit-trail.js';
import type { DataKeyStore } from '../../ports/privacy/data-key-store.js';
import { isErasedKind } from '../../ports/privacy/tombstone.js';
import type { ErasedKind } from '../../ports/privacy/tombstone.js';
import type { AuditChain } from '../audit/audit-chain.js';
import { everyEntry } from './every-entry.js';

const PAGE = 100;

/** Something that was erased, by the audit. */
export interface Buried {
  readonly kind: ErasedKind;
  readonly hash: string;
  readonly at: Date;
}

/** What the audit says was erased and the store has no tombstone of: the store was restored from a backup. */
export async function lostTombstones(
  audit: AuditChain,
  store: DataKeyStore,
  signal: AbortSignal,
): Promise<Buried[]> {
  const actions = ['shred', 'erase', 'recall'] as const;
  const lost: Buried[] = [];
  let known: Buried[] = [];
  const keepLost = async (): Promise<void> => {
    const hashes = known.map(({ hash }) => hash);
    const found = new Set((await store.findTombstones(hashes, signal)).map(({ hash }) => hash));
    lost.push(...known.filter(({ hash }) => !found.has(hash)));
    known = [];
  };
  for await (const record of everyEntry((page) => audit.list({ ...page, actions }, signal))) {
    const buried = buriedBy(record);
    if (buried !== null) known.push(buried);
    if (known.length === PAGE) await keepLost();
  }
  await keepLost();
  return [...new Map(lost.map((buried) => [buried.hash, buried])).values()];
}

function buriedBy({ phase, target, at }: AuditRecord): Buried | null {
  if (phase !== 'done' || !isErasedKind(target.kind)) return null;
  return { kind: target.kind, hash: target.hash, at };
}
