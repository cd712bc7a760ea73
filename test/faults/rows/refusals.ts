import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultBench } from '../checker/fault-bench.js';
import { waitUntil } from '../../support/wait-until.js';
import { outage } from './outages.js';
import type { Fault } from './fault.js';

/** Long enough for adds to reach their deadlines, and shorter than the lock of a job lives. */
const SPELL_MS = 3_000;

/** A Redis that answers, and refuses for a while what it is asked. */
function refusing(
  name: string,
  begin: (bench: FaultBench) => unknown,
  end: (bench: FaultBench) => unknown,
  redis: readonly string[] = [],
): Fault {
  return { name, options: { redis }, mayFinishTwice: 0, run: outage(begin, end, SPELL_MS) };
}

/** Changes settings of the server. */
function set(...settings: readonly (readonly [name: string, value: string])[]) {
  return async ({ client }: FaultBench): Promise<void> => {
    for (const [name, value] of settings) await client.config('SET', name, value);
  };
}

/** Calls the server on a connection of its own, which waits for the answer until the call is over. */
function besides({ client }: FaultBench, command: string, ...args: readonly string[]): void {
  const other = client.duplicate();
  other
    .call(command, ...args)
    .catch(() => undefined)
    .finally(() => other.disconnect());
}

/** Lets a snapshot fail: a directory stands where its file should be. */
async function failSnapshots(bench: FaultBench): Promise<void> {
  const [, directory = ''] = (await bench.client.config('GET', 'dir')) as string[];
  await bench.client.config('SET', 'save', '3600 1000000');
  mkdirSync(join(directory, 'dump.rdb'));
  await bench.client.bgsave();
  await waitUntil(
    async () => (await bench.client.info('persistence')).includes('rdb_last_bgsave_status:err'),
    'the snapshot to fail',
  );
  rmSync(join(directory, 'dump.rdb'), { recursive: true });
}

async function haveTooManyClients({ client }: FaultBench): Promise<void> {
  await client.config('SET', 'maxclients', '2');
  await client.call('CLIENT', 'KILL', 'USER', 'default');
}

const becomeReplica = ({ client }: FaultBench): Promise<unknown> =>
  client.call('REPLICAOF', '127.0.0.1', '1');
const becomeMaster = ({ client }: FaultBench): Promise<unknown> => client.call('REPLICAOF', 'NO', 'ONE');

/** A Redis that answers, and refuses: each kind of reply that an operator can bring about and mend. */
export const REFUSALS: readonly Fault[] = [
  refusing('out of memory, noeviction', set(['maxmemory', '1mb']), set(['maxmemory', '0'])),
  refusing('READONLY: the server has become a replica', becomeReplica, becomeMaster),
  refusing(
    'MASTERDOWN: a replica that does not serve stale data',
    async (bench) => {
      await set(['replica-serve-stale-data', 'no'])(bench);
      await becomeReplica(bench);
    },
    becomeMaster,
  ),
  refusing('MISCONF: snapshots fail', failSnapshots, set(['stop-writes-on-bgsave-error', 'no'])),
  refusing(
    'NOREPLICAS: too few replicas',
    set(['min-replicas-to-write', '1']),
    set(['min-replicas-to-write', '0']),
  ),
  refusing(
    "BUSY: somebody's script does not end",
    async (bench) => {
      await set(['lua-time-limit', '50'])(bench);
      besides(bench, 'EVAL', 'while true do end', '0');
    },
    ({ client }) => client.call('SCRIPT', 'KILL'),
  ),
  refusing(
    'LOADING: the server reads its data',
    async (bench) => {
      await set(['loading-process-events-interval-bytes', '1024'], ['key-load-delay', '20000'])(bench);
      besides(bench, 'DEBUG', 'RELOAD');
    },
    set(['key-load-delay', '0']),
    ['--enable-debug-command', 'local'],
  ),
  refusing('too many clients, all cut', haveTooManyClients, set(['maxclients', '10000'])),
];
