import { isRecord } from '../../../kernel/values/kinds.js';

/** Text that is a name or a code, and no content. */
const NAME = /^[\w.:-]{1,100}$/;

/** A filter as it may be kept: names, codes and times; of a condition on a payload its field alone. */
export function keptFilter(filter: unknown): string | null {
  if (!isRecord(filter)) return null;
  const kept = Object.entries(filter).map(([key, value]) => [key.slice(0, 40), keptValue(key, value)]);
  return JSON.stringify(Object.fromEntries(kept));
}

function keptValue(key: string, value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.slice(0, 20).map((item) => keptValue(key, item));
  if (typeof value !== 'string') return null;
  if (key === 'payload') return `${/^[\w.]{1,60}/.exec(value)?.[0] ?? ''} …`;
  return NAME.test(value) ? value : '…';
}
