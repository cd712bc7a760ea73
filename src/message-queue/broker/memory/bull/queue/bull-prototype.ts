import { EventEmitter } from 'node:events';
import Bull from 'bull';
import { UnsupportedOperationError } from '../../../../jobs/errors.js';

const bullPrototype = (Bull as unknown as { readonly prototype: object }).prototype;

/** Names of every method that a Bull queue has of its own, Bull's internal ones included. */
export function bullMethodNames(): string[] {
  return Object.getOwnPropertyNames(bullPrototype).filter((name) => name !== 'constructor');
}

/**
 * Makes instances of an emitter class pass `instanceof Bull`. What the class does not implement must not fall through
 * to Bull's own code, which would look for a Redis: it throws an UnsupportedOperationError that names the method.
 */
export function adoptBullPrototype(target: { readonly prototype: object }): void {
  const own = target.prototype;
  Object.setPrototypeOf(own, bullPrototype);
  for (const name of bullMethodNames()) {
    if (Object.hasOwn(own, name)) continue;
    const ofEmitter: unknown = (EventEmitter.prototype as unknown as Record<string, unknown>)[name];
    const value = typeof ofEmitter === 'function' ? ofEmitter : refusal(name);
    Object.defineProperty(own, name, { value, writable: true, configurable: true });
  }
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
