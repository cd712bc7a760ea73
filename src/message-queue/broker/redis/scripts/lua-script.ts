/**
 * A Lua script over the keys of one queue. Every script gets one key, `KEYS[1]`: the queue's base key
 * (`prefix:queue:`), from which it derives the others; all of them share the base key's hash slot on a Cluster.
 */
export interface LuaScript {
  /** Name of the command on the client. */
  readonly name: string;
  readonly lua: string;
  /** Runs even when Redis has reached its memory limit (Redis 7 and later), so that workers can drain. */
  readonly allowOom: boolean;
}

/** A Lua table built from the record in `ARGV` whose first field is `ARGV[first]`. */
export function argumentTable(fields: readonly string[]): string {
  return `{ ${fields.map((field, index) => `${field} = ARGV[first + ${index}]`).join(', ')} }`;
}

/** Puts shared functions before a script's body. */
export function luaScript(
  name: string,
  parts: { readonly uses?: readonly string[]; readonly body: string; readonly allowOom?: boolean },
): LuaScript {
  const lua = ['local base = KEYS[1]', ...(parts.uses ?? []), parts.body].join('\n');
  return { name, lua, allowOom: parts.allowOom ?? false };
}
