import { isDeepStrictEqual } from 'node:util';

/** One place where what is there is not what was expected. */
export interface Mismatch {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/**
 * Where `actual` lacks something of `expected`. Objects may have more keys than expected, lists may not. A Date equals its
 * ISO text, because payloads are stored as JSON.
 */
export function mismatches(expected: unknown, actual: unknown, path: string): Mismatch[] {
  if (expected instanceof Date) return mismatches(expected.toISOString(), actual, path);
  if (isRecord(expected) && isRecord(actual)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      mismatches(value, actual[key], `${path}.${key}`),
    );
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((value, index) => mismatches(value, actual[index], `${path}.${index}`));
  }
  return isDeepStrictEqual(expected, actual) ? [] : [{ path, expected, actual }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
