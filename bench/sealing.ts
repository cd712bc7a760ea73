import { fork } from 'node:child_process';
import { once } from 'node:events';
import { BenchServer, showProgress } from './bench-server.js';
import { chatMessage } from './chat-message.js';
import { median } from './statistics.js';
import { moduleOnRedis, moduleSealed } from './subjects/module.subject.js';

const ROUNDS = 9;
const CONCURRENT = 100;
const SIZES = [
  { bytes: 300, jobs: 10_000 },
  { bytes: 10_000, jobs: 2_000 },
] as const;

/** Microseconds of Node's CPU per job. */
interface Cost {
  readonly add: number;
  readonly run: number;
}

/** What is measured in a process of its own. */
interface Task {
  readonly sealed: boolean;
  readonly bytes: number;
  readonly jobs: number;
  readonly redisPort: number;
}

/**
 * What sealing costs on the whole road on Redis: Node's CPU per job, plain and sealed in turn, each in a process of its own that was warmed up with as
 * many jobs as are measured. Adds are made a hundred at a time, runs ten at a time.
 */
async function main(): Promise<void> {
  const server = await BenchServer.start();
  const lines: string[] = [];
  for (const { bytes, jobs } of SIZES) {
    const costs: Record<'plain' | 'sealed', Cost[]> = { plain: [], sealed: [] };
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const kind of ['plain', 'sealed'] as const) {
        showProgress(`${bytes} bytes, round ${round} of ${ROUNDS}, ${kind}`);
        await server.flush();
        costs[kind].push(await inProcess({ sealed: kind === 'sealed', bytes, jobs, redisPort: server.port }));
      }
    }
    for (const what of ['add', 'run'] as const) {
      const [plain, sealed] = [costs.plain, costs.sealed].map((all) => median(all.map((cost) => cost[what])));
      const difference = (sealed ?? Number.NaN) - (plain ?? Number.NaN);
      lines.push(
        `| ${bytes} B, ${what} | ${plain?.toFixed(1)} | ${sealed?.toFixed(1)} | ${difference.toFixed(1)} |`,
      );
    }
  }
  await server.stop();
  showProgress('');
  const head = ['| µs of Node per job | plain | sealed | more |', '|---|---|---|---|'];
  process.stdout.write([...head, ...lines, ''].join('\n'));
}

async function inProcess(task: Task): Promise<Cost> {
  const child = fork(__filename, [JSON.stringify(task)]);
  const [cost] = (await once(child, 'message')) as [Cost];
  await once(child, 'exit');
  return cost;
}

async function measure({ sealed, bytes, jobs, redisPort }: Task): Promise<Cost> {
  const subject = sealed ? moduleSealed : moduleOnRedis;
  const request = { redisPort, queueNames: ['work'], concurrency: 10, attempts: null } as const;
  const host = await subject.open(request);
  const [queue] = host.queues;
  const add = async (from: number): Promise<void> => {
    let next = from;
    const produce = async (): Promise<void> => {
      for (let n = next++; n < from + jobs; n = next++) await queue.add(chatMessage(n, bytes));
    };
    await Promise.all(Array.from({ length: CONCURRENT }, produce));
  };
  const drain = async (): Promise<void> => {
    let left = jobs;
    let done: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (done = resolve));
    const stop = await queue.work(() => {
      left -= 1;
      if (left === 0) done();
    });
    await all;
    await stop();
  };
  await add(0);
  await drain();
  const cost = { add: await cpuPerJob(() => add(jobs), jobs), run: await cpuPerJob(drain, jobs) };
  await host.close();
  return cost;
}

async function cpuPerJob(act: () => Promise<void>, jobs: number): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / jobs;
}

const [, , given] = process.argv;
if (given === undefined) void main();
else void measure(JSON.parse(given) as Task).then((cost) => process.send?.(cost, () => process.exit(0)));
