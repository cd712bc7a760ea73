import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ValidateBy, ValidateIf, isISO8601 } from 'class-validator';
import { ID_RULE, isId } from '../../kernel/values/id.js';
import { Refusal } from '../../kernel/values/kind.js';
import { wholeNumber } from '../../kernel/values/kinds.js';

// PostgreSQL stores no NUL, and a lone surrogate does not survive UTF-8: neither may reach a store.
const UNSTORABLE = /[\0\p{Cs}]/u;
const JSON_DATE_LENGTH = '2026-01-01T00:00:00.000Z'.length;
const LATEST_DATE_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** One rule per field: class-validator's price is per rule. */
function rule(name: string, message: string, validate: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy({ name, validator: { validate, defaultMessage: () => `$property ${message}` } });
}

/** The property may be left out; null is not the same and is refused. Stands above the rules for the value. */
export function OptionalField(): PropertyDecorator {
  return ValidateIf((_, value: unknown) => value !== undefined);
}

/** An id of the host's: 1 to 128 characters without spaces and control characters. */
export function IdField(): PropertyDecorator {
  return rule('isId', `must be an id ${ID_RULE}`, isId);
}

/** A list of ids. Bounds are inclusive. */
export function IdListField(minSize: number, maxSize: number): PropertyDecorator {
  return rule(
    'isIdList',
    `must be a list of ${minSize} to ${maxSize} ids, each ${ID_RULE}`,
    (value) =>
      Array.isArray(value) && value.length >= minSize && value.length <= maxSize && value.every(isId),
  );
}

/** Text with at least one visible character and at most `maxLength` UTF-16 units that every store can keep. */
export function TextField(maxLength: number): PropertyDecorator {
  return rule(
    'isStorableText',
    `must be a string of 1 to ${maxLength} characters, not blank, without NUL and halves of surrogate pairs`,
    (value) =>
      typeof value === 'string' && value.length <= maxLength && /\S/u.test(value) && !UNSTORABLE.test(value),
  );
}

/** A whole number within bounds, both inclusive. */
export function IntField(min: number, max: number): PropertyDecorator {
  const number = wholeNumber(min, max);
  return rule(
    'isIntWithin',
    `must be ${number.expected}`,
    (value) => !(number.read(value) instanceof Refusal),
  );
}

/**
 * A moment: takes a Date or ISO 8601 text and becomes a Date. The property's type is `Date | string`; read it with
 * {@link toDate}. From 1970 to 9999.
 */
export function DateField(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? momentIn(value) : value)),
    rule(
      'isMoment',
      'must be a Date or ISO 8601 string from 1970 to 9999',
      (value) => value instanceof Date && value.getTime() >= 0 && value.getTime() <= LATEST_DATE_MS,
    ),
  );
}

function momentIn(text: string): Date | string {
  const moment = new Date(text);
  // Most are what JSON makes of a Date, which costs a tenth of the rule for all of ISO 8601.
  const isPlain = text.length === JSON_DATE_LENGTH && moment.getTime() >= 0 && moment.toISOString() === text;
  return isPlain || isISO8601(text, { strict: true }) ? moment : text;
}

/** The Date of a date field, transformed or not. */
export function toDate(value: Date | string): Date {
  return value instanceof Date ? value : new Date(value);
}

/** Bounds of a record field. */
export interface RecordBounds {
  readonly maxEntries: number;
  /** Longest text value, in characters. */
  readonly maxValueLength: number;
}

const RECORD_KEY = /^[A-Za-z0-9_.-]{1,64}$/;
const UNSAFE_KEYS: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Whether a value is a flat record of texts, finite numbers and booleans within bounds. Keys: 1–64 of `A-Za-z0-9_.-`. */
export function isFlatRecord(value: unknown, bounds: RecordBounds): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value as Record<string, unknown>);
  return (
    entries.length <= bounds.maxEntries &&
    entries.every(([key, entry]) => {
      if (!RECORD_KEY.test(key) || UNSAFE_KEYS.includes(key)) return false;
      if (typeof entry === 'string') return entry.length <= bounds.maxValueLength && !UNSTORABLE.test(entry);
      return typeof entry === 'boolean' || (typeof entry === 'number' && Number.isFinite(entry));
    })
  );
}

/** A flat record of texts, finite numbers and booleans, see {@link isFlatRecord}. */
export function FlatRecordField(bounds: RecordBounds): PropertyDecorator {
  return rule(
    'isFlatRecord',
    `must be an object of at most ${bounds.maxEntries} strings (up to ${bounds.maxValueLength} characters), numbers and ` +
      'booleans, with keys of letters, digits, "_", "." and "-"',
    (value) => isFlatRecord(value, bounds),
  );
}
