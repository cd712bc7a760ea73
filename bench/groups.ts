import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import type { EnqueueOptions, FlowPolicy } from '../src/message-queue/index.js';
import { BenchServer, showProgress } from './bench-server.js';
import { GroupHost } from './groups/group-host.js';
import type { HeldGroup } from './groups/group-host.js';
import { usedOnce } from './groups/used-once.js';
import { redisCounters } from './process/redis-counters.js';
import { median } from './statistics.js';

const PER_GROUP = 100;
const UNLIMITED = { maxWaiting: 100_000_000 };

/** Jobs that have something in common: what the nth of a round is added with. */
interface Shape {
  readonly name: string;
  readonly optionsOf: (n: number, round: number) => EnqueueOptions | undefined;
}

/** What a queue says of its flow, jobs of it, and where those belong that are held all the while. */
interface Gates {
  readonly flow: FlowPolicy;
  readonly heldIn: (group: number) => HeldGroup;
  readonly shapes: readonly Shape[];
}

const tenantOf = (n: number): string => `tenant-${n % 100}`;

/** Measured beside the shapes of each kind of gate, in a queue that says nothing of a flow. */
const WITHOUT: readonly Shape[] = [
  { name: 'no group', optionsOf: () => undefined },
  // What an add with any option costs, since one with a key has an option.
  { name: 'no group, a correlation id', optionsOf: (n) => ({ correlationId: `c-${n}` }) },
];

const GATES: readonly Gates[] = [
  {
    flow: { key: {} },
    heldIn: (group) => ({ key: `held-${group}` }),
    shapes: [
      { name: 'key: none, in a queue with keys', optionsOf: () => undefined },
      { name: 'key: one job each', optionsOf: (n, round) => ({ key: `${round}-${n}` }) },
      { name: 'key: ten each', optionsOf: (n, round) => ({ key: `${round}-${Math.floor(n / 10)}` }) },
      {
        name: 'key: half of all jobs in one hot key',
        optionsOf: (n, round) => ({ key: n % 2 === 0 ? `${round}-hot` : `${round}-${n}` }),
      },
    ],
  },
  {
    flow: { tenant: UNLIMITED },
    heldIn: (group) => ({ tenant: `held-${group}` }),
    shapes: [
      { name: 'tenant: one alone', optionsOf: () => ({ tenant: 'alone' }) },
      { name: 'tenant: a hundred', optionsOf: (n) => ({ tenant: tenantOf(n) }) },
    ],
  },
  {
    flow: { key: {}, tenant: UNLIMITED },
    heldIn: (group) => ({ key: `held-${group}`, tenant: `held-${group % 100}` }),
    shapes: [
      {
        name: 'both: keys of ten jobs, a hundred tenants',
        optionsOf: (n, round) => ({ key: `${round}-${Math.floor(n / 10)}`, tenant: tenantOf(n) }),
      },
    ],
  },
];

interface Plan {
  readonly jobs: number;
  readonly rounds: number;
  /** How many jobs are held by other groups meanwhile, smallest first. */
  readonly held: readonly number[];
  /** How many keys to use once each, to see what they leave; 0: it is not looked at. */
  readonly once: number;
}

/**
 * What a job costs Redis from its add to its end, in microseconds of its CPU, without a group and with one, while other jobs are held. Adds are
 * made 50 at a time and run 50 at a time; the payload has 300 bytes. All shapes of a line take turns on one server, so that what slows the machine
 * down slows down all of them; a difference is that of the same round. Its sweep, which looks at up to 1 000 groups that hold jobs every
 * two seconds, is in what is measured beside held jobs.
 *
 * `--held 10,1000000` (default 10,10000; `none`: nothing of this), `--jobs` of a shape in a round (5 000), `--rounds` (5), `--once 1000000`: uses so many
 * keys once each, and tells what they leave in Redis.
 */
async function main(): Promise<void> {
  const plan = planOf(process.argv.slice(2));
  const server = await BenchServer.start();
  const client = new Redis(server.port);
  const lines: string[] = [];
  for (const held of plan.held) {
    for (const gates of GATES) lines.push(...(await measure(gates, held, plan, server, client)));
  }
  await server.flush();
  if (plan.once > 0) lines.push('', await usedOnce(plan.once, server.port, client));
  showProgress('');
  process.stdout.write(
    [
      `µs of Redis per job, medians of ${plan.rounds} rounds of ${plan.jobs} jobs. Redis ${server.version}`,
      '| held by others | jobs | µs | more than no group | ratio |',
      '|---|---|---|---|---|',
      ...lines,
      '',
    ].join('\n'),
  );
  client.disconnect();
  await server.stop();
}

async function measure(
  { flow, heldIn, shapes }: Gates,
  held: number,
  { jobs, rounds }: Plan,
  server: BenchServer,
  client: Redis,
): Promise<string[]> {
  await server.flush();
  const without = await GroupHost.open(server.port, 'without');
  const grouped = await GroupHost.open(server.port, 'grouped', flow);
  showProgress(`holding ${held} jobs`);
  await grouped.hold(held, PER_GROUP, heldIn);
  const all = [
    ...WITHOUT.map((shape) => ({ ...shape, host: without, micros: [] as number[] })),
    ...shapes.map((shape) => ({ ...shape, host: grouped, micros: [] as number[] })),
  ];
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, host, optionsOf, micros } of all) {
      showProgress(`${held} held, round ${round} of ${rounds}, ${name}`);
      const before = await redisCounters(client);
      await host.play(jobs, (n) => optionsOf(n, round));
      const after = await redisCounters(client);
      // The first round warms up.
      if (round > 0) micros.push((after.cpuMicros - before.cpuMicros) / jobs);
    }
  }
  await without.close();
  await grouped.close();
  const [base = { micros: [] }] = all;
  return all.map(({ name, micros }) => {
    const of = (compare: (value: number, none: number) => number): number =>
      median(micros.map((value, round) => compare(value, base.micros[round] ?? Number.NaN)));
    const [more, ratio] = [of((value, none) => value - none), of((value, none) => value / none)];
    return `| ${held} | ${name} | ${median(micros).toFixed(1)} | ${more.toFixed(1)} | ${ratio.toFixed(2)} |`;
  });
}

function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      held: { type: 'string', default: '10,10000' },
      jobs: { type: 'string', default: '5000' },
      rounds: { type: 'string', default: '5' },
      once: { type: 'string', default: '0' },
    },
  });
  return {
    jobs: Number(values.jobs),
    rounds: Number(values.rounds),
    held: values.held === 'none' ? [] : values.held.split(',').map(Number),
    once: Number(values.once),
  };
}

void main();
