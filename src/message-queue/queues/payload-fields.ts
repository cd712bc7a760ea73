import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
  isISO8601,
} from 'class-validator';
import type { ValidationOptions } from 'class-validator';

/** Longest id a payload may carry, in characters. */
const MAX_ID_LENGTH = 128;

const ID = /^[^\s\p{C}]+$/u;
// PostgreSQL stores no NUL, and a lone surrogate does not survive UTF-8: neither may reach a store.
const STORABLE = /^[^\0\p{Cs}]*$/u;
const LATEST_DATE_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

function idRules(options?: ValidationOptions): PropertyDecorator[] {
  return [
    IsString(options),
    MaxLength(MAX_ID_LENGTH, options),
    Matches(ID, {
      ...options,
      message: '$property must be an id: at least one character, no spaces or control characters',
    }),
  ];
}

/** The property may be left out; null is not the same and is refused. Stands above the rules for the value. */
export function OptionalField(): PropertyDecorator {
  return ValidateIf((_, value: unknown) => value !== undefined);
}

/** An id of the host's: 1 to 128 characters without spaces and control characters. */
export function IdField(): PropertyDecorator {
  return applyDecorators(...idRules());
}

/** A list of ids. Bounds are inclusive. */
export function IdListField(minSize: number, maxSize: number): PropertyDecorator {
  return applyDecorators(IsArray(), ArrayMinSize(minSize), ArrayMaxSize(maxSize), ...idRules({ each: true }));
}

/** Text with at least one visible character and at most `maxLength` characters that every store can keep. */
export function TextField(maxLength: number): PropertyDecorator {
  return applyDecorators(
    IsString(),
    MaxLength(maxLength),
    Matches(/\S/u, { message: '$property must not be blank' }),
    Matches(STORABLE, { message: '$property must not contain NUL or half of a surrogate pair' }),
  );
}

/** A whole number within bounds, both inclusive. */
export function IntField(min: number, max: number): PropertyDecorator {
  return applyDecorators(IsInt(), Min(min), Max(max));
}

/**
 * A moment: takes a Date or ISO 8601 text and becomes a Date. The property's type is `Date | string`; read it with
 * {@link toDate}. From 1970 to 9999.
 */
export function DateField(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && isISO8601(value, { strict: true }) ? new Date(value) : value,
    ),
    ValidateBy({
      name: 'isMoment',
      validator: {
        validate: (value: unknown): boolean =>
          value instanceof Date && value.getTime() >= 0 && value.getTime() <= LATEST_DATE_MS,
        defaultMessage: () => '$property must be a Date or ISO 8601 text from 1970 to 9999',
      },
    }),
  );
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
      if (typeof entry === 'string') return entry.length <= bounds.maxValueLength && STORABLE.test(entry);
      return typeof entry === 'boolean' || (typeof entry === 'number' && Number.isFinite(entry));
    })
  );
}

/** A flat record of texts, finite numbers and booleans, see {@link isFlatRecord}. */
export function FlatRecordField(bounds: RecordBounds): PropertyDecorator {
  return ValidateBy({
    name: 'isFlatRecord',
    validator: {
      validate: (value: unknown) => isFlatRecord(value, bounds),
      defaultMessage: () =>
        `$property must be an object of at most ${bounds.maxEntries} texts (up to ${bounds.maxValueLength} ` +
        'characters), numbers and booleans, with keys of letters, digits, "_", "." and "-"',
    },
  });
}
