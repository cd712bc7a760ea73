import { createHash } from 'node:crypto';

/**
 * Hash of a payload for comparing two adds with the same idempotency key: the same for the same content, whatever the
 * order of keys, and whether dates are Dates or ISO text. The top-level `createdAt` does not count: a client that
 * sends again stamps a new one. Compute it from the validated payload.
 * @param job name of the job, when the same payload for another job must not count as equal
 * @returns 43 characters (SHA-256, base64url)
 */
export function fingerprintOf(payload: object, job?: string): string {
  const content = canonicalJson({ ...payload, createdAt: undefined });
  const named = job === undefined ? content : JSON.stringify([job, content]);
  return createHash('sha256').update(named).digest('base64url');
}

function canonicalJson(value: unknown): string {
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const record = value as Record<string, unknown>;
    const members = Object.keys(record)
      .sort()
      .filter((key) => record[key] !== undefined)
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key])}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}
