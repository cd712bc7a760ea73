import type { LoggerService } from '@nestjs/common';
import { escapedLines } from './printable.js';

/** Methods of a logger that Nest's own calls. */
const METHODS = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'] as const;
/** Values of one argument that are looked at; what is beyond is left out. */
const MOST_VALUES = 1_000;
const DEEPEST = 8;
const LEFT_OUT = '[left out]';

/**
 * A logger in front of another one, which gets every text with its control characters, line breaks and bidi marks as escapes (`\u000a`), those in
 * objects and errors too, so that no text from outside forges a line. Frames of a stack and items of a list stay lines of their own.
 * For the app's own logger: `NestFactory.create(AppModule, { logger: printableLogger(new ConsoleLogger()) })`.
 */
export function printableLogger(logger: LoggerService): LoggerService {
  // A host's may return a promise, whatever Nest's types say.
  const methods = logger as unknown as Partial<Record<string, (...line: unknown[]) => unknown>>;
  const call =
    (method: (typeof METHODS)[number]) =>
    (...line: unknown[]): unknown =>
      methods[method]?.(...line.map(printableValue));
  const calls = Object.fromEntries(METHODS.map((method) => [method, call(method)]));
  return {
    ...(calls as unknown as LoggerService),
    setLogLevels: (levels) => void logger.setLogLevels?.(levels),
  };
}

/** A value for a log with the texts in it escaped; the value itself where nothing is to be escaped. */
export function printableValue(value: unknown): unknown {
  return new Escaping().of(value, 0);
}

/** One value and all that is in it. */
class Escaping {
  private readonly made = new Map<object, unknown>();

  of(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return escapedLines(value);
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Date || ArrayBuffer.isView(value)) return value;
    if (this.made.has(value)) return this.made.get(value);
    if (depth > DEEPEST || this.made.size >= MOST_VALUES) return LEFT_OUT;
    try {
      return this.copied(value, depth + 1);
    } catch {
      // A getter or a proxy threw.
      return LEFT_OUT;
    }
  }

  private copied(value: object, depth: number): unknown {
    if (Array.isArray(value)) {
      const list: unknown[] = [];
      this.made.set(value, list);
      for (const item of value.slice(0, MOST_VALUES)) list.push(this.of(item, depth));
      return this.settled(
        value,
        list,
        value.every((item, index) => item === list[index]),
      );
    }
    if (value instanceof Map)
      return new Map([...value].map(([key, item]) => [this.of(key, depth), this.of(item, depth)]));
    if (value instanceof Set) return new Set([...value].map((item) => this.of(item, depth)));
    const copy = (value instanceof Error ? new Error() : {}) as Record<string, unknown>;
    Object.setPrototypeOf(copy, Object.getPrototypeOf(value) as object | null);
    this.made.set(value, copy);
    let isSame = true;
    for (const key of keysOf(value)) {
      const before = (value as Readonly<Record<string, unknown>>)[key];
      const after = this.of(before, depth);
      const name = escapedLines(key);
      isSame &&= after === before && name === key;
      const enumerable = Object.prototype.propertyIsEnumerable.call(value, key);
      Object.defineProperty(copy, name, { value: after, enumerable, writable: true, configurable: true });
    }
    return this.settled(value, copy, isSame);
  }

  /** A logger may know an object by its identity: it gets a copy only where something is escaped. */
  private settled(value: object, copy: object, isSame: boolean): object {
    const settled = isSame ? value : copy;
    this.made.set(value, settled);
    return settled;
  }
}

/** What of an object a logger shows: what can be listed, and of an error its texts and its cause. */
function keysOf(value: object): readonly string[] {
  const keys = Object.keys(value);
  if (!(value instanceof Error)) return keys;
  return [...new Set([...keys, 'name', 'message', 'stack', 'cause', 'errors'])].filter((key) => key in value);
}
