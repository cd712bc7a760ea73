/**
 * A Lua script over the keys of one queue. Every script gets one key, `KEYS[1]`: the queue's base key
 * (`prefix:queue:`), from which it derives the others; all of them share the base key's hash slot on a Cluster.
 *
 * Scripts publish by `pcall`: Redis takes nothing back of a script that ends with an error, so a channel that is denied must not end one
 * that has stored something. Nobody depends on hearing.
 */
export interface LuaScript {
  /** Name of the command on the client. */
  readonly name: string;
  readonly lua: string;
  /** Runs even when Redis has reached its memory limit (Redis 7 and later), so that workers can drain. */
  readonly allowOom: boolean;
  /** It only reads: a Redis that refuses writes (full, a replica, without replicas) answers it (Redis 7 and later, which must be told). */
  readonly readsOnly: boolean;
}

/** A Lua table built from the record in `ARGV` whose first field is `ARGV[first]`. */
export function argumentTable(fields: readonly string[]): string {
  return `{ ${fields.map((field, index) => `${field} = ARGV[first + ${index}]`).join(', ')} }`;
}

/**
 * Lua function `name()`, which returns a table of functions that few calls need. Lua makes all functions of a script anew for each
 * call, and that costs more than some of Redis' commands: these are made when they are first asked for.
 * @param exported names of the functions in the table
 */
export function lazily(name: string, functions: readonly string[], exported: readonly string[]): string {
  return `
local loaded_${name}
local function ${name}()
  if loaded_${name} then return loaded_${name} end
${functions.join('\n')}
  loaded_${name} = { ${exported.map((each) => `${each} = ${each}`).join(', ')} }
  return loaded_${name}
end
`;
}

/** Puts shared functions before a script's body. */
export function luaScript(
  name: string,
  parts: {
    readonly uses?: readonly string[];
    readonly body: string;
    readonly allowOom?: boolean;
    readonly readsOnly?: boolean;
  },
): LuaScript {
  const lua = ['local base = KEYS[1]', ...(parts.uses ?? []), parts.body].join('\n');
  return { name, lua, allowOom: parts.allowOom ?? false, readsOnly: parts.readsOnly ?? false };
}

/**
 * A script over many queues whose keys share a hash slot. The body is one queue's, and must not use `ARGV`: that lists the
 * base keys of all. Reply: what the body returned for each queue, or the error that it ended with; one queue's error
 * spoils no other's answer.
 */
export function luaScriptOverQueues(name: string, parts: Parameters<typeof luaScript>[1]): LuaScript {
  const ofOne = ['local function ofQueue(base)', ...(parts.uses ?? []), parts.body, 'end'].join('\n');
  const body = `${ofOne}
local replies = {}
for i = 1, #ARGV do
  local succeeded, reply = pcall(ofQueue, ARGV[i])
  if succeeded then
    replies[i] = reply or false
  else
    replies[i] = { err = type(reply) == 'table' and reply.err or 'ERR ' .. tostring(reply) }
  end
end
return replies`;
  return luaScript(name, { body, allowOom: parts.allowOom, readsOnly: parts.readsOnly });
}
