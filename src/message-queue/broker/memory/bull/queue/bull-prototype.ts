import { EventEmitter } from 'node:events';
import Bull from 'bull';
import { UnsupportedOperationError } from '../../../../jobs/errors.js';

interface WithParts {
  readonly parts: Readonly<Record<string, Record<string, (...args: unknown[]) => unknown>>>;
}

const bullPrototype = (Bull as unknown as { readonly prototype: object }).prototype;

/** Names of every method that a Bull queue has of its own, Bull's internal ones included. */
export function bullMethodNames(): string[] {
  return Object.getOwnPropertyNames(bullPrototype).filter((name) => name !== 'constructor');
}

/**
 * Equal to Bull: makes instances of an emitter class pass `instanceof Bull`. A method of Bull's that the class does not
 * have itself is answered by the part of the instance that has it: `queue.clean(…)` is `queue.parts.upkeep.clean(…)`.
 * What nobody answers must not fall through to Bull's own code, which would look for a Redis: it throws an
 * UnsupportedOperationError that names the method.
 * @param partClasses classes of the parts, by their names in `parts`
 */
export function adoptBullPrototype(
  target: { readonly prototype: object },
  partClasses: Readonly<Record<string, { readonly prototype: object }>>,
): void {
  const own = target.prototype;
  Object.setPrototypeOf(own, bullPrototype);
  for (const name of bullMethodNames()) {
    if (Object.hasOwn(own, name)) continue;
    const part = Object.keys(partClasses).find((key) => name in (partClasses[key]?.prototype ?? {}));
    const ofEmitter: unknown = (EventEmitter.prototype as unknown as Record<string, unknown>)[name];
    const inherited = typeof ofEmitter === 'function' ? ofEmitter : refusal(name);
    const value = part === undefined ? inherited : forward(part, name);
    Object.defineProperty(own, name, { value, writable: true, configurable: true });
  }
}

function forward(part: string, name: string): (this: WithParts, ...args: unknown[]) => unknown {
  return function answer(this: WithParts, ...args: unknown[]): unknown {
    return this.parts[part]?.[name]?.(...args);
  };
}

function refusal(name: string): (this: { name?: string }) => never {
  return function refuse(this: { name?: string }): never {
    throw new UnsupportedOperationError(
      `Queue "${String(this.name)}" is in memory and has no ${name}(): it is a part of Bull that works on Redis directly. ` +
        'Use the documented methods of the queue, or provider "redis".',
      { queue: this.name },
    );
  };
}
