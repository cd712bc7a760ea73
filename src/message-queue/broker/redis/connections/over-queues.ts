import type { LuaScript } from '../scripts/lua-script.js';
import type { RedisConnections } from './redis-connections.js';
import type { RedisScripts } from './redis-scripts.js';

/** Most queues in one call: more would block Redis for other clients. */
const MOST_QUEUES = 100;

/**
 * Runs a script of `luaScriptOverQueues`, in one round trip: one call for up to 100 queues, on a Cluster for those of
 * one hash tag. Waits out passing errors for up to two seconds.
 * @param bases base keys of the queues, `prefix:queue:`
 * @returns what became of each queue, in their order; never rejects
 */
export async function overQueues(
  script: LuaScript,
  bases: readonly string[],
  { scripts, connections }: { readonly scripts: RedisScripts; readonly connections: RedisConnections },
): Promise<PromiseSettledResult<unknown>[]> {
  const answers = new Map<string, PromiseSettledResult<unknown>>();
  const groups = connections.isCluster ? byHashTag(bases) : [bases];
  const run = async (group: readonly string[]): Promise<void> => {
    try {
      const replies = (await scripts.runPatiently(script, group[0] ?? '', group)) as unknown[];
      group.forEach((base, index) => answers.set(base, settled(replies[index])));
    } catch (reason) {
      for (const base of group) answers.set(base, { status: 'rejected', reason });
    }
  };
  await Promise.all(groups.flatMap(inSteps).map(run));
  return bases.map((base) => answers.get(base) ?? { status: 'rejected', reason: new Error('no answer') });
}

function settled(reply: unknown): PromiseSettledResult<unknown> {
  return reply instanceof Error
    ? { status: 'rejected', reason: reply }
    : { status: 'fulfilled', value: reply };
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
