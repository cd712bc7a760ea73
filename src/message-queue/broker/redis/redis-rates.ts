import { createHash } from 'node:crypto';
import type { SharedRate } from '../../jobs/flow/rate.js';
import { RESERVED_FOR_MS } from '../../jobs/flow/reserved-start.js';
import type { SharedRates } from '../shared-rates.js';
import type { RedisClock } from './connections/redis-clock.js';
import type { RedisScripts } from './connections/redis-scripts.js';
import { keyPrefix } from './queue-options.js';
import type { ResolvedRedisBrokerOptions } from './redis-broker.options.js';
import { closeSharedRateScript, reserveStartScript } from './scripts/gates/shared-rates.lua.js';
import type { LuaScript } from './scripts/lua-script.js';

/** The starts of shared rates that jobs of all processes ask for while they run. */
export class RedisRates implements SharedRates {
  constructor(
    private readonly options: Pick<ResolvedRedisBrokerOptions, 'redis' | 'prefix'>,
    private readonly scripts: RedisScripts,
    private readonly clock: RedisClock,
  ) {}

  async reserve(rate: SharedRate, jobId: string): Promise<number> {
    // Ids are of any length, and may name a device: nobody needs to read them there.
    const id = createHash('sha256').update(jobId).digest('base64url').slice(0, 22);
    return Number(await this.run(reserveStartScript, rate, [id, RESERVED_FOR_MS]));
  }

  async close(rate: SharedRate, ms: number): Promise<void> {
    await this.run(closeSharedRateScript, rate, [ms]);
  }

  private run(script: LuaScript, rate: SharedRate, args: readonly (string | number)[]): Promise<unknown> {
    const { name, limit, perMs, burst = 1 } = rate;
    // On a Cluster without a hash tag for all, the rates have one.
    const bucket = `${keyPrefix(this.options, 'mq')}:mq:bucket:${name}`;
    return this.scripts.runPatiently(script, bucket, [limit, perMs, burst, this.clock.now(), ...args]);
  }
}
