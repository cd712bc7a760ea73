import { createRequire } from 'node:module';
import type { RedisClient } from '../../../../../kernel/redis/redis-client.js';
import { gates } from '../../scripts/gates/gates.lua.js';
import { heldFunctions } from '../../scripts/gates/held.lua.js';
import { laneFunctions } from '../../scripts/lanes/lane.lua.js';
import { CHANGES, LET_WAIT } from './bull-changes.js';
import type { Change } from './bull-changes.js';
import { lookAtLanesFunctions } from '../../scripts/lanes/look-at-lanes.lua.js';
import { takeWaitingFunctions } from '../../scripts/lanes/take-waiting.lua.js';

interface BullScript {
  readonly name: string;
  readonly content: string;
  readonly keys: number;
}

/** Our own, for what Bull's queue reads without a script. Each gets the base key as its only key. */
const OWN = {
  /** ARGV: 1 `wait` or `paused` · 2 first · 3 last position · 4 `1` = the next one first. Reply: ids. */
  mqWaitingRange: `if (ARGV[1] == 'paused') ~= isPaused() then return {} end
return waitingRange(tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1')`,
  /** Removes up to 1 000 waiting jobs. Reply: how many. */
  mqEmptyLanes: `local removed = 0
local function drop(ids)
  for _, id in ipairs(ids) do
    leaveGroups(id)
    redis.call('DEL', base .. id, base .. id .. ':logs')
  end
  removed = removed + #ids
end
drop(heldToRemove(1000))
for _, lane in ipairs(lanesInUse()) do
  local ids = removed < 1000 and redis.call('RPOP', lane.key, 1000 - removed) or {}
  drop(ids)
  if #ids > 0 then leftLane(lane, #ids) end
end
endGates()
return removed`,
  /** Sorts in up to 1 000 jobs of the version before, or of plain Bull. Reply: how many are left. */
  mqSortIn: `sortIn()
return redis.call('ZCARD', base .. 'priority')`,
} as const;

/** The shared client, with the commands that {@link defineLaneCommands} gave it. */
type LaneClient = RedisClient & {
  [Name in keyof typeof OWN]: (base: string, ...args: (string | number)[]) => Promise<unknown>;
};

const FUNCTIONS =
  laneFunctions + takeWaitingFunctions + gates + heldFunctions + lookAtLanesFunctions + LET_WAIT;

/**
 * Gives a client Bull's commands as they must be for lanes; Bull takes a command that is there for its own.
 * @throws Error when Bull is not the version that this knows
 */
export function defineLaneCommands(client: RedisClient): LaneClient {
  if ('mqWaitingRange' in client) return client as LaneClient;
  for (const [name, change] of Object.entries(CHANGES)) {
    const script = bullScript(name);
    client.defineCommand(script.name, { numberOfKeys: script.keys, lua: changed(script, change) });
  }
  for (const [name, body] of Object.entries(OWN)) {
    client.defineCommand(name, { numberOfKeys: 1, lua: `local base = KEYS[1]\n${FUNCTIONS}${body}` });
  }
  return client as LaneClient;
}

function changed({ name, content }: BullScript, { base, replace }: Change): string {
  let lua = content;
  for (const [bulls, ours] of replace) {
    const [before, after, ...more] = lua.split(spaced(bulls));
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(`Bull's script ${name} is not that of Bull 4.16.5: install that version.`);
    }
    lua = before + ours + after;
  }
  return `local base = ${base}\n${FUNCTIONS}${lua}`;
}

/** Bull's text with any white space between its words. */
function spaced(text: string): RegExp {
  const words = text.split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(words.join('\\s+'));
}

function bullScript(name: string): BullScript {
  const scripts = createRequire(__filename)('bull/lib/scripts/index.js') as Record<
    string,
    BullScript | undefined
  >;
  const script = scripts[name];
  if (script === undefined) throw new Error(`Bull has no script ${name}: install Bull 4.16.5.`);
  return script;
}
