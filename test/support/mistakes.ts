import type { LuaScript } from '../../src/message-queue/broker/redis/scripts/lua-script.js';
import { withOtherRedis } from './other-redis.js';

const broken = new Map<LuaScript, string>();

/** Lets a script meet another Redis, as `withOtherRedis` says, until `mendAll`. */
export function breakScript(script: LuaScript, answer: string): void {
  if (!broken.has(script)) broken.set(script, script.lua);
  (script as { lua: string }).lua = withOtherRedis(script.lua, answer);
}

/** Replaces a method, which must exist, until `mendAll`. */
export function breakMethod<Self>(
  { prototype }: { readonly prototype: object },
  name: string,
  replacement: (original: (...args: unknown[]) => unknown) => (this: Self, ...args: unknown[]) => unknown,
): () => void {
  return () => {
    const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
    const original = methods[name];
    if (original === undefined) throw new Error(`There is no method ${name} any more.`);
    jest.spyOn(methods, name).mockImplementation(replacement(original));
  };
}

/** Takes back what was broken. */
export function mendAll(): void {
  for (const [script, lua] of broken) (script as { lua: string }).lua = lua;
  broken.clear();
  jest.restoreAllMocks();
}
