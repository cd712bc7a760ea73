import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { EnvironmentKeyProvider } from '../src/message-queue/adapters/environment-keys/index.js';
import { NodeMessageCipher } from '../src/message-queue/adapters/node-crypto/index.js';
import { PooledMessageCipher } from '../src/message-queue/adapters/piscina/index.js';
import type { MessageCipher } from '../src/message-queue/ports/encryption/message-cipher.js';
import type { ResultRow } from './measurement.js';
import { table } from './report/table.js';
import { median } from './statistics.js';

const SIZES = [16_000, 64_000, 250_000, 500_000, 1_000_000] as const;
const DELAY = 'longest event-loop delay';
const CONCURRENCY = 5;
const CALLS = 40;
const ROUNDS = 9;

interface Run {
  /** Milliseconds per call, all calls together. */
  readonly perCallMs: number;
  /** Longest time the event loop did not turn, milliseconds. */
  readonly longestDelayMs: number;
}

async function rowsOf(
  ciphers: readonly (readonly [string, MessageCipher])[],
  size: number,
): Promise<ResultRow[]> {
  const runs = new Map<string, Run[]>(ciphers.map(([name]) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, cipher] of ciphers) {
      const run = await measureOnce(cipher, size);
      // The first round starts threads and warms up.
      if (round > 0) runs.get(name)?.push(run);
    }
  }
  const samples = (pick: (run: Run) => number) =>
    [...runs].map(([subject, measured]) => ({ subject, values: measured.map(pick) }));
  const title = `seal ${size} characters`;
  return [
    { id: null, title, row: 'price of a call', unit: 'ms', samples: samples(({ perCallMs }) => perCallMs) },
    { id: null, title, row: DELAY, unit: 'ms', samples: samples(({ longestDelayMs }) => longestDelayMs) },
  ];
}

async function measureOnce(cipher: MessageCipher, size: number): Promise<Run> {
  const content = 'The quick brown fox. '.repeat(size / 21 + 1).slice(0, size);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  let left = CALLS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      await cipher.seal({ messageId: 'm-1', content });
      // A job's next step waits for a store: the loop turns between two contents.
      await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  const perCallMs = (performance.now() - startedAt) / CALLS;
  delay.disable();
  return { perCallMs, longestDelayMs: delay.max / 1e6 };
}

/** The smallest size from which on threads are below inline in every row, which has one sample of each. */
function breakEven(rows: readonly ResultRow[]): string {
  const isBelow = rows.map(
    ({ samples: [inline, threads] }) => median(threads?.values ?? []) < median(inline?.values ?? []),
  );
  const size = SIZES[isBelow.lastIndexOf(false) + 1];
  return size === undefined ? 'no size that was measured' : `${size} characters`;
}

/**
 * Where sealing on threads pays: the price of a call with five jobs at a time, and how long the event loop stands still, by size.
 * `npm run build:tools && node dist-tools/bench/encryption.js`; the threshold of PooledMessageCipher comes from here.
 */
async function main(): Promise<void> {
  const keys = new EnvironmentKeyProvider({ keys: { bench: randomBytes(32).toString('base64') } });
  const pool = new PooledMessageCipher(keys, { fromCharacters: 0 });
  const ciphers: readonly (readonly [string, MessageCipher])[] = [
    ['inline', new NodeMessageCipher(keys)],
    ['threads', pool],
  ];
  const rows: ResultRow[] = [];
  try {
    for (const size of SIZES) rows.push(...(await rowsOf(ciphers, size)));
  } finally {
    await pool.onApplicationShutdown();
  }
  const isDelay = ({ row }: ResultRow): boolean => row === DELAY;
  const [delays, prices] = [rows.filter(isDelay), rows.filter((row) => !isDelay(row))];
  console.log(`${table(rows)}
Medians of ${ROUNDS} rounds. Break-even, threads below inline from here on:
  price of a call             ${breakEven(prices)}
  longest event-loop delay    ${breakEven(delays)}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
