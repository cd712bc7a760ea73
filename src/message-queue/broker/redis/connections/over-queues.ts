import type { LuaScript } from '../scripts/lua-script.js';
import type { RedisConnections } from './redis-connections.js';
import type { RedisScripts } from './redis-scripts.js';

/** Most queues in one call: more would block Redis for other clients. */
const MOST_QUEUES = 100;

/** What calls go through. */
export interface RedisAccess {
  readonly scripts: RedisScripts;
  readonly connections: RedisConnections;
}

/**
 * Runs a script of `luaScriptOverQueues` in one round trip: one call for up to 100 queues, on a Cluster for those of one
 * hash tag.
 * @param bases base keys of the queues, `prefix:queue:`
 * @param tries `once`, or `patiently`: passing errors are waited out for up to a second and a half
 * @returns the answer for each queue, by its base; it rejects with any error of its call, or of its queue alone
 */
export function overQueues(
  script: LuaScript,
  bases: readonly string[],
  { scripts, connections }: RedisAccess,
  tries: 'once' | 'patiently' = 'patiently',
): Map<string, Promise<unknown>> {
  const answers = new Map<string, Promise<unknown>>();
  const groups = connections.isCluster ? byHashTag(bases) : [bases];
  for (const group of groups.flatMap(inSteps)) {
    const base = group[0] ?? '';
    const answer =
      tries === 'once' ? scripts.run(script, base, group) : scripts.runPatiently(script, base, group);
    const call = answer as Promise<unknown[]>;
    group.forEach((base, index) =>
      answers.set(
        base,
        call.then((replies) => orThrow(replies[index])),
      ),
    );
  }
  return answers;
}

function orThrow(reply: unknown): unknown {
  if (reply instanceof Error) throw reply;
  return reply;
}

function byHashTag(bases: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const base of bases) {
    const tag = /\{([^}]+)\}/.exec(base)?.[1] ?? base;
    groups.set(tag, [...(groups.get(tag) ?? []), base]);
  }
  return [...groups.values()];
}

function inSteps(bases: readonly string[]): (readonly string[])[] {
  const steps: (readonly string[])[] = [];
  for (let from = 0; from < bases.length; from += MOST_QUEUES)
    steps.push(bases.slice(from, from + MOST_QUEUES));
  return steps;
}
