import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { waitUntil } from './wait-until.js';

/** A Redis that answers, and refuses what it is asked: a kind of reply that an operator can bring about and mend. */
export interface ServerRefusal {
  readonly name: string;
  /** The code of its replies. */
  readonly code: string;
  /** redis-server arguments. */
  readonly settings?: readonly string[];
  /** @param client of a user other than `default`, whom no refusal concerns that has to do with users */
  begin(client: Redis): unknown;
  end(client: Redis): unknown;
}

/** Changes settings of the server. */
function set(...settings: readonly (readonly [name: string, value: string])[]) {
  return async (client: Redis): Promise<void> => {
    for (const [name, value] of settings) await client.config('SET', name, value);
  };
}

/** Calls the server on a connection of its own, which waits for the answer until the call is over. */
function besides(client: Redis, command: string, ...args: readonly string[]): void {
  const other = client.duplicate();
  other
    .call(command, ...args)
    .catch(() => undefined)
    .finally(() => other.disconnect());
}

/** Lets a snapshot fail: a directory stands where its file should be. */
async function failSnapshots(client: Redis): Promise<void> {
  const [, directory = ''] = (await client.config('GET', 'dir')) as string[];
  await client.config('SET', 'save', '3600 1000000');
  mkdirSync(join(directory, 'dump.rdb'));
  await client.bgsave();
  await waitUntil(
    async () => (await client.info('persistence')).includes('rdb_last_bgsave_status:err'),
    'the snapshot to fail',
  );
  rmSync(join(directory, 'dump.rdb'), { recursive: true });
}

async function haveTooManyClients(client: Redis): Promise<void> {
  await client.config('SET', 'maxclients', '2');
  await client.call('CLIENT', 'KILL', 'USER', 'default');
}

const becomeReplica = (client: Redis): Promise<unknown> => client.call('REPLICAOF', '127.0.0.1', '1');
const becomeMaster = (client: Redis): Promise<unknown> => client.call('REPLICAOF', 'NO', 'ONE');

/** What the state of the server brings about. */
export const STATE_REFUSALS: readonly ServerRefusal[] = [
  {
    ...{ name: 'out of memory, noeviction', code: 'OOM' },
    ...{ begin: set(['maxmemory', '1mb']), end: set(['maxmemory', '0']) },
  },
  {
    ...{ name: 'READONLY: the server has become a replica', code: 'READONLY' },
    ...{ begin: becomeReplica, end: becomeMaster },
  },
  {
    ...{ name: 'MASTERDOWN: a replica that does not serve stale data', code: 'MASTERDOWN' },
    begin: async (client) => {
      await set(['replica-serve-stale-data', 'no'])(client);
      await becomeReplica(client);
    },
    end: becomeMaster,
  },
  {
    ...{ name: 'MISCONF: snapshots fail', code: 'MISCONF' },
    ...{ begin: failSnapshots, end: set(['stop-writes-on-bgsave-error', 'no']) },
  },
  {
    ...{ name: 'NOREPLICAS: too few replicas', code: 'NOREPLICAS' },
    ...{ begin: set(['min-replicas-to-write', '1']), end: set(['min-replicas-to-write', '0']) },
  },
  {
    ...{ name: "BUSY: somebody's script does not end", code: 'BUSY' },
    begin: async (client) => {
      await set(['lua-time-limit', '50'])(client);
      besides(client, 'EVAL', 'while true do end', '0');
    },
    end: (client) => client.call('SCRIPT', 'KILL'),
  },
  {
    ...{ name: 'LOADING: the server reads its data', code: 'LOADING' },
    settings: ['--enable-debug-command', 'local'],
    begin: async (client) => {
      await set(['loading-process-events-interval-bytes', '1024'], ['key-load-delay', '20000'])(client);
      besides(client, 'DEBUG', 'RELOAD');
    },
    end: set(['key-load-delay', '0']),
  },
  {
    ...{ name: 'too many clients, all cut', code: 'MAXCLIENTS' },
    ...{ begin: haveTooManyClients, end: set(['maxclients', '10000']) },
  },
];

/** Takes rights of the user `default` away, and gives them back; what it has open is cut off if asked. */
function user(
  name: string,
  code: string,
  [takenAway, givenBack]: readonly [readonly string[], readonly string[]],
  isCut: boolean,
): ServerRefusal {
  return {
    ...{ name: isCut ? `${name}, all connections cut` : name, code },
    begin: async (client) => {
      await client.call('ACL', 'SETUSER', 'default', ...takenAway);
      if (isCut) await client.call('CLIENT', 'KILL', 'USER', 'default');
    },
    end: (client) => client.call('ACL', 'SETUSER', 'default', ...givenBack),
  };
}

const RIGHTS = {
  'no commands': [['-@all'], ['+@all']],
  'no keys': [['resetkeys'], ['allkeys']],
  'no channels': [['resetchannels'], ['allchannels']],
  'no scripts': [
    ['-eval', '-evalsha'],
    ['+eval', '+evalsha'],
  ],
} as const;

/** What is done to the user that everybody is. */
export const USER_REFUSALS: readonly ServerRefusal[] = [
  user(
    'a password is set',
    'NOAUTH',
    [
      ['resetpass', '>changed'],
      ['resetpass', 'nopass'],
    ],
    true,
  ),
  user('the user is off', 'NOAUTH', [['off'], ['on']], true),
  ...Object.entries(RIGHTS).flatMap(([name, rules]) =>
    [false, true].map((isCut) => user(name, 'NOPERM', rules, isCut)),
  ),
];

/** For those who sign in with a password. */
export const PASSWORD_REFUSAL: ServerRefusal = user(
  'the password is changed',
  'WRONGPASS',
  [
    ['resetpass', '>changed'],
    ['resetpass', 'nopass'],
  ],
  true,
);
