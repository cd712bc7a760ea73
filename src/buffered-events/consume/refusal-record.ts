import { MessageQueueError } from '../../kernel/errors.js';
import { errorFrom, errorRecordOf } from './error-record.js';
import {
  EventBufferFullError,
  EventBusClosedError,
  EventNotSerializableError,
  EventTooLargeError,
} from '../events/errors.js';
import type { ErrorRecord } from '../events/event-words.js';

/** Why an emit of a thread was refused, on its way there: what is caught there is the same error. */
export interface RefusalRecord extends ErrorRecord {
  /** What its class keeps beside the usual: `size`, `limit`, `reason` … */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

const CLASSES: readonly { readonly name: string; readonly prototype: Error }[] = [
  EventBufferFullError,
  EventBusClosedError,
  EventNotSerializableError,
  EventTooLargeError,
  TypeError,
];

/** What every error of ours has. */
const USUAL: ReadonlySet<string> = new Set(['name', 'code']);

/** What an emit was refused with, for the thread that called it. */
export function refusalRecordOf(error: unknown): RefusalRecord {
  const record = errorRecordOf(error);
  if (!(error instanceof MessageQueueError)) return record;
  const fields = Object.entries(error).filter(([name, value]) => !USUAL.has(name) && isPlain(value));
  return fields.length === 0 ? record : { ...record, fields: Object.fromEntries(fields) };
}

/** The error again, of its own class where that is one that emits are refused with. */
export function refusalFrom(record: RefusalRecord): Error {
  const error = Object.assign(errorFrom(record), record.fields);
  const known = CLASSES.find(({ name }) => name === record.name);
  return known === undefined ? error : (Object.setPrototypeOf(error, known.prototype) as Error);
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
