import type { LuaScript } from '../../../src/message-queue/broker/redis/scripts/lua-script.js';
import { withOtherRedis } from '../../support/other-redis.js';

/** A mistake that the rows of the fault table must see. */
export interface Mutation {
  readonly name: string;
  /** The guarantee that it breaks. */
  readonly breaks: string;
  /** Name of the row that must see it. */
  readonly row: string;
  /** What that row must hold against it: one that is red for another reason has not caught it. */
  readonly says: RegExp;
  /** Makes the mistake in this process, before anything runs. */
  apply(): void;
}

type Method<Self> = (this: Self, ...args: never[]) => unknown;

/** Lets scripts meet another Redis, as `withOtherRedis` says. */
export function inScripts(scripts: readonly LuaScript[], answer: string): () => void {
  return () => {
    for (const script of scripts) (script as { lua: string }).lua = withOtherRedis(script.lua, answer);
  };
}

/**
 * Replaces a method.
 * @throws Error when there is no such method any more
 */
export function inMethod<Self>(
  { prototype }: { readonly prototype: object },
  name: string,
  replacement: (original: (...args: unknown[]) => unknown) => Method<Self>,
): () => void {
  return () => {
    const methods = prototype as Record<string, unknown>;
    const original = methods[name];
    if (typeof original !== 'function') throw new Error(`There is no method ${name} any more.`);
    methods[name] = replacement(original as (...args: unknown[]) => unknown);
  };
}
