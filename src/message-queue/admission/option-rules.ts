import type { Issues } from '../../kernel/values/issues.js';
import { isRecord, milliseconds, text, wholeNumber } from '../../kernel/values/kinds.js';
import { kindOf, mustBe, shown } from '../../kernel/values/words.js';
import { GROUP_ID } from '../jobs/flow/group-id.js';
import { FIRST_VERSION } from '../jobs/queue-definition.js';
import type { ManagedJobRecord } from '../jobs/managed-job.js';
import { placeOfTraceparent } from '../telemetry/traces/traceparent.js';
import { MAX_DELAY_MS } from '../jobs/retry-policy.js';

/** How many attempts a job may have. */
export const ATTEMPTS = wholeNumber(1, 1_000);

/** The version of a payload. */
export const PAYLOAD_VERSION = wholeNumber(1, 1_000_000);

/** How long one attempt, or an add, may take (at most 24 days, the longest a timer can be). */
export const TIMEOUT_MS = milliseconds(1, 2 ** 31 - 1);

/** How long a job may be delayed. */
export const DELAY_MS = milliseconds(0, MAX_DELAY_MS);

/** How long after it is due a job may start. */
export const EXPIRES_IN_MS = milliseconds(1, MAX_DELAY_MS);

/** An id shown in logs, events and dead letters. */
export const CORRELATION_ID = text(200);

/** A key that makes two adds one. */
export const IDEMPOTENCY_KEY = text(256);

const METADATA_MAX_KEYS = 32;
const SMALL_VALUE = 'a string of at most 500 characters, a finite number, true or false';

/** At most 32 small key–value pairs: keys up to 64 characters; strings up to 500, finite numbers or booleans. */
export function checkMetadata(issues: Issues, path: string, metadata: unknown): void {
  if (!isRecord(metadata)) {
    issues.add(path, mustBe('an object of small values', shown(metadata)));
    return;
  }
  const keys = Object.keys(metadata);
  if (keys.length > METADATA_MAX_KEYS) {
    issues.add(path, `must have at most ${METADATA_MAX_KEYS} keys, has ${keys.length}`);
    return;
  }
  for (const key of keys) {
    const value = metadata[key];
    const isSmall =
      typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value)) ||
      (typeof value === 'string' && value.length <= 500);
    if (key.length > 64 || key === '__proto__')
      issues.add(path, `must have keys of at most 64 characters, got ${shown(key)}`);
    else if (!isSmall) {
      issues.add(`${path}.${key}`, mustBe(SMALL_VALUE, kindOf(value)));
    }
  }
}

const RECORD_KEYS = [
  'correlationId',
  'metadata',
  'timeoutMs',
  'defaultAttempts',
  'idempotencyKey',
  'key',
  'tenant',
  'expiresInMs',
  'version',
  'payloadDigest',
  'trace',
  'lastTrace',
  'failures',
  'replays',
  'cancelled',
] as const satisfies readonly (keyof ManagedJobRecord)[];

/**
 * Checks the record that a caller passes in. History (failures, replays, cancellation) is dropped: a copied job starts
 * afresh.
 */
export function checkRecord(issues: Issues, record: unknown): ManagedJobRecord {
  if (record === undefined) return {};
  if (!isRecord(record)) {
    issues.add('mq', mustBe('an object', shown(record)));
    return {};
  }
  issues.knownKeys('mq', record, RECORD_KEYS);
  const { correlationId, metadata, timeoutMs, idempotencyKey, version, key, tenant, expiresInMs, trace } =
    record;
  issues.checkGiven('mq.correlationId', correlationId, CORRELATION_ID);
  if (metadata !== undefined) checkMetadata(issues, 'mq.metadata', metadata);
  issues.checkGiven('mq.timeoutMs', timeoutMs, TIMEOUT_MS);
  issues.checkGiven('mq.idempotencyKey', idempotencyKey, IDEMPOTENCY_KEY);
  issues.checkGiven('mq.key', key, GROUP_ID);
  issues.checkGiven('mq.tenant', tenant, GROUP_ID);
  issues.checkGiven('mq.expiresInMs', expiresInMs, EXPIRES_IN_MS);
  issues.checkGiven('mq.version', version, PAYLOAD_VERSION);
  return {
    ...(correlationId !== undefined && { correlationId }),
    ...(metadata !== undefined && { metadata }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(record.defaultAttempts === true && { defaultAttempts: true }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(key !== undefined && { key }),
    ...(tenant !== undefined && { tenant }),
    ...(expiresInMs !== undefined && { expiresInMs }),
    // No add is refused for what only traces need.
    ...(placeOfTraceparent(trace) !== undefined && { trace }),
    ...(version !== undefined && version !== FIRST_VERSION && { version }),
  } as ManagedJobRecord;
}
