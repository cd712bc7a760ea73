import { hash } from 'node:crypto';

/**
 * Hash of a payload for comparing two adds with the same idempotency key: the same for the same content, whatever the
 * order of keys, and whether dates are Dates or ISO text. The top-level `createdAt` does not count: a client that
 * sends again stamps a new one. Compute it from the validated payload.
 * @param job name of the job, when the same payload for another job must not count as equal
 * @returns 43 characters (SHA-256, base64url)
 */
export function fingerprintOf(payload: object, job?: string): string {
  const content = recordJson(payload, 'createdAt');
  return hash('sha256', job === undefined ? content : JSON.stringify([job, content]), 'base64url');
}

function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null || value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  return recordJson(value);
}

/** @param without a key that does not count */
function recordJson(value: object, without?: string): string {
  const record = value as Readonly<Record<string, unknown>>;
  let members = '';
  for (const key of Object.keys(record).sort()) {
    const member = record[key];
    if (member === undefined || key === without) continue;
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}
