import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { SqlDatabase, sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import { MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import { Privacy } from '../../src/message-queue/operations/index.js';
import type { ErasureReceipt } from '../../src/message-queue/operations/index.js';
import { DataKeyStore, KeyProvider } from '../../src/message-queue/ports/index.js';
import { ErasureWatch } from '../../src/message-queue/privacy/erasure/erasure-watch.js';
import type { PendingErasures } from '../../src/message-queue/privacy/erasure/pending-erasures.js';
import { CLEANUP_QUEUE } from '../../src/message-queue/queues/index.js';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import { EVA, furnish, HELD, jobsOf, MARK, rowsOf } from '../support/erasure-stage.js';
import { HostApps } from '../support/host-app.js';
import { KeyRing } from '../support/key-ring.js';
import { waitUntil } from '../support/wait-until.js';
import { expectKilled, killAt } from './interrupted-erasures.fixture.js';

const CALL = { by: 'dpo', reason: 'art-17' };

const directory = mkdtempSync(join(tmpdir(), 'mq-interrupted-'));
const apps = new HostApps();
let stages = 0;

afterEach(() => apps.close());
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function start(url: string, ring: KeyRing): Promise<INestApplication> {
  const adapters = [...sqlStoreAdapters({ url }), { provide: KeyProvider, useValue: ring }];
  const module = MessageQueueModule.forRoot({
    ...{ provider: 'memory', environment: 'test', adapters, board: { enabled: false } },
  });
  return apps.start({ imports: [module] });
}

async function expectErased(app: INestApplication, receipt: ErasureReceipt): Promise<void> {
  expect(receipt).toMatchObject({ state: 'held', held: [{ conversationId: HELD, records: 3 }] });
  expect(receipt.holders.filter(({ left }) => left > 0)).toEqual([]);
  const rows = await rowsOf(app.get(SqlDatabase));
  expect(rows.filter((row) => row.includes(MARK))).toEqual([]);
  const isKept = (row: string): boolean => row.includes(HELD) || row.includes('m-held-');
  expect(rows.filter((row) => row.includes(EVA) && !isKept(row))).toEqual([]);
}

/** After a step the stores hold what they hold before the next one, which is tried for every step: of these, a sample. */
const DEATHS = [
  ['before', 1],
  ['after', 7],
] as const;

describe.each(DEATHS)('an erasure whose process dies %s any of its steps', (when, stride) => {
  it('ends like any other when it is asked for again', async () => {
    let step = 1 - stride;
    for (let isThrough = false; !isThrough;) {
      step += stride;
      stages += 1;
      const [url, ring] = [join(directory, `${stages}.db`), new KeyRing()];
      const dying = await start(url, ring);
      await furnish(dying);
      const stepsTaken = killAt(dying, step, when);
      const dead = await dying
        .get(Privacy)
        .eraseSubject(EVA, CALL)
        .then(
          () => false,
          (error: unknown) => {
            expectKilled(error);
            return true;
          },
        );
      isThrough = !dead && stepsTaken() < step;
      await apps.close();
      const next = await start(url, ring);
      await expectErased(next, await next.get(Privacy).eraseSubject(EVA, CALL));
      await apps.close();
    }
    expect(step).toBeGreaterThan(20);
  });
});

describe('an erasure that was interrupted', () => {
  it('is gone on with by the job erase-traces, which fails while something is left', async () => {
    stages += 1;
    const [url, ring] = [join(directory, `${stages}.db`), new KeyRing()];
    const dying = await start(url, ring);
    await furnish(dying);
    killAt(dying, 8, 'before');
    expectKilled(
      await dying
        .get(Privacy)
        .eraseSubject(EVA, CALL)
        .catch((error: unknown) => error),
    );
    await apps.close();
    const app = await start(url, ring);
    const [interrupted] = (await app.get(DataKeyStore).listErasures('incomplete')).items;
    const receiptId = interrupted?.receiptId ?? '';
    const service = app.get(MessageQueueService);
    const { id } = await service.enqueue(CLEANUP_QUEUE, 'erase-traces', { receiptId, createdAt: new Date() });
    await waitUntil(
      async () => (await service.getJobStatus(CLEANUP_QUEUE.name, id)).state === 'completed',
      'the erasure to be gone on with',
    );
    const receipt = await app.get(Privacy).receipt(receiptId);
    if (receipt === null) throw new Error('There is a receipt.');
    await expectErased(app, receipt);
    expect(Object.keys(await jobsOf(app))).not.toContain('c-pair');

    const unknown = await service.enqueue(CLEANUP_QUEUE, 'erase-traces', {
      ...{ receiptId: 'r-unknown', createdAt: new Date() },
    });
    const failed = await waitUntil(async () => {
      const found = await service.getJobStatus(CLEANUP_QUEUE.name, unknown.id);
      return found.state === 'failed' && found;
    }, 'the job of no erasure to fail');
    expect(JSON.stringify(failed)).toContain('There is no erasure with receipt');
  });

  it('is looked for every minute, and one that a hold has kept every hour', async () => {
    const clock = new ManualClock(0);
    const asked: string[] = [];
    const added: string[] = [];
    const listOf = (name: string, ...ids: string[]) =>
      async function* (): AsyncGenerator<string> {
        asked.push(name);
        yield* ids;
      };
    const pending = {
      reapply: async () => asked.push('reapply') * 0,
      interrupted: listOf('interrupted', 'r-1'),
      released: listOf('released', 'r-2'),
    } as unknown as PendingErasures;
    const watch = new ErasureWatch(pending, async (id) => added.push(id), clock);
    watch.start();
    await clock.advance(1_000);
    expect(asked).toEqual(['reapply', 'interrupted', 'released']);
    expect(added).toEqual(['r-1', 'r-2']);
    await clock.advance(59 * 60_000);
    expect(asked.filter((name) => name === 'interrupted')).toHaveLength(60);
    expect(asked.filter((name) => name === 'released')).toHaveLength(1);
    await clock.advance(60_000);
    expect(asked.filter((name) => name === 'released')).toHaveLength(2);
    await watch.stop();
    const looks = asked.length;
    await clock.advance(3_600_000);
    expect(asked).toHaveLength(looks);
  });

  it('is named in the log, once, where the clean-up queue is left out', async () => {
    const clock = new ManualClock(0);
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const pending = {
      reapply: async () => 0,
      interrupted: async function* () {
        yield* ['r-1', 'r-2'];
      },
      released: async function* () {},
    } as unknown as PendingErasures;
    const watch = new ErasureWatch(pending, null, clock);
    watch.start();
    await clock.advance(10 * 60_000);
    await watch.stop();
    expect(warn.mock.calls.map(([line]) => String(line))).toEqual([
      expect.stringContaining('leaves out the clean-up queue'),
    ]);
    warn.mockRestore();
  });
});
