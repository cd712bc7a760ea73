import 'reflect-metadata';
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { EMPTY_LOOP, EVENT_CONTESTANTS, THREADS } from './events/event-contestants.js';
import type { EventContestant } from './events/event-contestants.js';
import { runEventTrial } from './events/event-trials.js';
import type { EventTrial } from './events/event-trials.js';
import { showProgress } from './bench-server.js';
import { median } from './statistics.js';

const BUS = 'bus';
const EMITTER = 'EventEmitter, same thread';

interface Table {
  readonly id: string;
  readonly title: string;
  readonly trial: EventTrial;
  readonly contestants: readonly string[];
  readonly unit: string;
  /** What others are compared with: by ratio, or by difference. */
  readonly beside: { readonly name: string; readonly by: 'ratio' | 'difference' };
}

const ALL = EVENT_CONTESTANTS.map(({ name }) => name);
const SHARE = { unit: '% of a core', beside: { name: EMPTY_LOOP.name, by: 'difference' } } as const;

/** Half as many to warm up are enough for V8 to have compiled what they pass through. */
const EVENTS = 300_000;

const TABLES: readonly Table[] = [
  {
    ...{ id: 'rate', title: `Events per second from emit to handled, ${THREADS} threads`, unit: 'events/s' },
    trial: { kind: 'rate', events: EVENTS },
    ...{ contestants: ALL, beside: { name: BUS, by: 'ratio' } },
  },
  {
    ...{ id: 'cost', title: 'CPU of the whole process per event, emit to handled', unit: 'µs' },
    trial: { kind: 'cost', events: EVENTS },
    ...{ contestants: ALL, beside: { name: BUS, by: 'ratio' } },
  },
  {
    ...{ id: 'share-1', title: 'The app’s thread at 500 events/s, one by one', ...SHARE },
    ...{ trial: { kind: 'share', group: 1 }, contestants: [EMPTY_LOOP.name, ...ALL] },
  },
  {
    ...{ id: 'share-10', title: 'The app’s thread at 500 events/s, in tens', ...SHARE },
    ...{ trial: { kind: 'share', group: 10 }, contestants: [EMPTY_LOOP.name, ...ALL] },
  },
  {
    ...{ id: 'start', title: 'From emit to start at 500 events/s, 99th percentile', unit: 'ms' },
    ...{ trial: { kind: 'start', group: 1 }, contestants: ALL, beside: { name: BUS, by: 'ratio' } },
  },
  {
    ...{
      id: 'delay',
      title: 'Delay of the app’s loop, 99th percentile: 150 events/s, whose handlers compute for 4 ms',
    },
    ...{ unit: 'ms', trial: { kind: 'delay' }, contestants: [EMPTY_LOOP.name, BUS, EMITTER] },
    beside: { name: BUS, by: 'ratio' },
  },
];

const HELP = `npm run bench:events -- [--rounds 5] [--only ${TABLES.map(({ id }) => id).join(',')}]

Measures the bus of events beside other ways to other threads, and prints a table for each question:
${TABLES.map(({ id, title, unit }) => `  ${id.padEnd(10)}${title}, ${unit}`).join('\n')}
`;

/** One contestant and what is measured of it. */
interface Task {
  readonly trial: EventTrial;
  readonly contestant: string;
}

/**
 * The bus beside other ways to other threads, 200-byte events, no two alike, each contestant in a process of its own, in turn, round by round.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ rounds: { type: 'string', default: '5' }, only: { type: 'string' } },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const wanted = values.only?.split(',') ?? TABLES.map(({ id }) => id);
  for (const id of wanted) {
    if (!TABLES.some((table) => table.id === id)) throw new Error(`There is no table "${id}": see --help.`);
  }
  const lines = [`Node.js ${process.version}, median of ${values.rounds} rounds (least to most)`, ''];
  for (const table of TABLES.filter(({ id }) => wanted.includes(id))) {
    lines.push(...(await measure(table, Number(values.rounds))), '');
  }
  showProgress('');
  process.stdout.write(lines.join('\n'));
}

async function measure(table: Table, rounds: number): Promise<string[]> {
  const found = new Map<string, number[]>(table.contestants.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, values] of found) {
      showProgress(`${table.id}, round ${round} of ${rounds}, ${name}`);
      values.push(await inProcess({ trial: table.trial, contestant: name }));
    }
  }
  const basis = found.get(table.beside.name) ?? [];
  const rows = [...found].map(([name, values]) => {
    const shown = [median(values), Math.min(...values), Math.max(...values)].map((value) => inDigits(value));
    return `| ${name} | ${shown[0] ?? ''} | ${shown[1] ?? ''}–${shown[2] ?? ''} | ${compared(values, basis, table.beside.by)} |`;
  });
  const head = `| ${table.title} | ${table.unit} | | ${table.beside.by === 'ratio' ? '×' : 'above'} ${table.beside.name} |`;
  return [head, '|---|---|---|---|', ...rows];
}

/** By round: what slows the machine for a while is in both. */
function compared(values: readonly number[], basis: readonly number[], by: 'ratio' | 'difference'): string {
  const pairs = values.map((value, round) => {
    const other = basis[round] ?? Number.NaN;
    return by === 'ratio' ? value / other : value - other;
  });
  return inDigits(median(pairs));
}

function inDigits(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}

async function inProcess(task: Task): Promise<number> {
  const child = fork(__filename, [JSON.stringify(task)]);
  const answer = new Promise<number>((resolve, reject) => {
    child.once('message', (value) => resolve(value as number));
    child.once('exit', (code) => reject(new Error(`${task.contestant} ended with ${code ?? 'a signal'}.`)));
  });
  try {
    return await answer;
  } finally {
    child.kill('SIGKILL');
  }
}

/** The process of one contestant. */
async function contest({ trial, contestant }: Task): Promise<void> {
  const meant = [EMPTY_LOOP, ...EVENT_CONTESTANTS].find(({ name }) => name === contestant) as EventContestant;
  process.send?.(await runEventTrial(trial, meant));
}

const [order] = process.argv.slice(2);
const work = process.send === undefined ? main() : contest(JSON.parse(order ?? '{}') as Task);
work.catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
