import type { RedisClient } from '../../../../kernel/redis/redis-client.js';
import type { RedisConnections } from './redis-connections.js';
import { patiently } from './patiently.js';
import { replyCode } from '../../../../kernel/redis/redis-replies.js';
import type { LuaScript } from '../scripts/lua-script.js';

/** The client takes the list apart itself: spread, it would be copied by each of four functions. */
type ScriptCommand = (base: string, args: ScriptArguments) => Promise<unknown>;

/** What a script is given beside its key; bytes that are no text as they are. */
export type ScriptArguments = readonly (string | number | Buffer)[];

/** Runs our Lua scripts on the shared client. */
export class RedisScripts {
  /** Null until the server was asked. */
  private takesFlags: boolean | null = null;
  private preparing: Promise<void> | null = null;

  constructor(private readonly connections: RedisConnections) {}

  /**
   * Runs a script.
   * @param base the queue's base key, `prefix:queue:`
   * @throws the error Redis answered with, or that the connection was lost (the script may have run)
   */
  run(script: LuaScript, base: string, args: ScriptArguments): Promise<unknown> {
    if (this.takesFlags !== null) return this.call(script, base, args);
    return this.prepare().then(() => this.call(script, base, args));
  }

  /** Like `run`, with texts of the reply as bytes: for what holds any. */
  runForBytes(script: LuaScript, base: string, args: ScriptArguments): Promise<unknown> {
    if (this.takesFlags !== null) return this.call(script, base, args, 'Buffer');
    return this.prepare().then(() => this.call(script, base, args, 'Buffer'));
  }

  /** Like `run`, but waits out passing errors for up to a second and a half: for calls that somebody waits for. */
  runPatiently(script: LuaScript, base: string, args: ScriptArguments): Promise<unknown> {
    return patiently(() => this.run(script, base, args));
  }

  private call(
    script: LuaScript,
    base: string,
    args: ScriptArguments,
    as: '' | 'Buffer' = '',
  ): Promise<unknown> {
    const client = this.connections.client;
    const commands = client as unknown as Record<string, ScriptCommand | undefined>;
    if (commands[script.name] === undefined) this.define(client, script);
    const command = commands[script.name + as];
    if (command === undefined) throw new Error(`The script ${script.name} is not defined.`);
    return command.call(client, base, args);
  }

  private define(client: RedisClient, script: LuaScript): void {
    const flag = script.readsOnly ? 'no-writes' : script.allowOom ? 'allow-oom' : null;
    const first = flag !== null && this.takesFlags === true ? `#!lua flags=${flag}\n` : '';
    client.defineCommand(script.name, { numberOfKeys: 1, lua: first + script.lua });
  }

  /** Script flags exist since Redis 7; an older server rejects them. */
  private async prepare(): Promise<void> {
    this.preparing ??= serverVersion(this.connections.client).then(
      (version) => {
        this.takesFlags = version !== null && version[0] >= 7;
      },
      (error: unknown) => {
        this.preparing = null;
        throw error;
      },
    );
    await this.preparing;
  }
}

/**
 * The server's version, `[major, minor]`; null when it does not report it (INFO is forbidden).
 * @throws when the server cannot be reached
 */
export async function serverVersion(client: RedisClient): Promise<[number, number] | null> {
  let info: string;
  try {
    info = await client.info('server');
  } catch (error) {
    if (replyCode(error) !== null) return null;
    throw error;
  }
  const match = /redis_version:(\d+)\.(\d+)/.exec(info);
  return match === null ? null : [Number(match[1]), Number(match[2])];
}
