import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { filesystemAdapters } from '../../src/message-queue/adapters/filesystem/index.js';
import { SqlDatabase, sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import { MessageQueueModule } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { AuditChain, Privacy } from '../../src/message-queue/operations/index.js';
import type { ErasureReceipt } from '../../src/message-queue/operations/index.js';
import { MessageStore, SearchIndex } from '../../src/message-queue/ports/index.js';
import { BEN, EVA, FAR, furnish, HELD, jobsOf, KEPT, MARK, PAIR, rowsOf } from '../support/erasure-stage.js';
import { HostApps } from '../support/host-app.js';
import { TestPostgres } from '../support/postgres-server.js';
import { keysOf } from '../support/redis-keys.js';
import { TestRedis } from '../support/redis-server.js';

const CALL = { by: 'dpo', reason: 'art-17' };
const directory = mkdtempSync(join(tmpdir(), 'mq-erasure-'));
const apps = new HostApps();
let redis: TestRedis;
let client: Redis;
let postgres: TestPostgres;
let stages = 0;

beforeAll(async () => {
  [redis, postgres] = await Promise.all([TestRedis.start(), TestPostgres.start()]);
  client = redis.client();
});
afterEach(() => apps.close());
afterAll(async () => {
  client.disconnect();
  await Promise.all([redis.stop(), postgres.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

interface Stage {
  readonly options: MessageQueueModuleOptions;
  /** Null where nothing is kept outside of the process. */
  readonly files: string | null;
}

const STAGES: readonly (readonly [string, () => Promise<Stage>])[] = [
  ['memory', () => Promise.resolve({ options: { provider: 'memory' }, files: null })],
  ['Redis and SQLite', () => Promise.resolve(onRedis(join(directory, `${stages}.db`)))],
  ['Redis and PostgreSQL', async () => onRedis(await postgres.createDatabase())],
];

function onRedis(url: string): Stage {
  const files = join(directory, `files-${stages}`);
  const adapters = [...sqlStoreAdapters({ url }), ...filesystemAdapters({ directory: files })];
  const prefix = `erasure-${stages}`;
  return { options: { provider: 'redis', redis: { url: redis.url }, prefix, adapters }, files };
}

async function start({ options }: Stage): Promise<INestApplication> {
  const module = MessageQueueModule.forRoot({ ...options, environment: 'test', board: { enabled: false } });
  return apps.start({ imports: [module] });
}

/** Everything that outlives the process, as text. */
async function everything(app: INestApplication, { files }: Stage): Promise<string[]> {
  if (files === null) return [];
  const names = readdirSync(files, { recursive: true }).map((name) => `file ${String(name)}`);
  return [...(await rowsOf(app.get(SqlDatabase))), ...(await keysOf(client)), ...names];
}

/** Whether a row is about anybody or anything of the story, and not of the machinery. */
function mentions(row: string): boolean {
  return [EVA, BEN, 'm-', MARK, KEPT].some((text) => row.includes(text));
}

function figures({ holders }: ErasureReceipt): Record<string, number> {
  return Object.fromEntries(holders.map(({ name, found }) => [name, found]));
}

describe.each(STAGES)('erasing a person on %s', (_name, prepare) => {
  let stage: Stage;
  let app: INestApplication;
  beforeEach(async () => {
    stages += 1;
    await client.flushall();
    stage = await prepare();
    app = await start(stage);
    await furnish(app);
  });

  it('removes what they wrote and are known by, names what a legal hold keeps, and goes on when it ends', async () => {
    const privacy = app.get(Privacy);
    const before = await everything(app, stage);
    const held = before.filter((row) => row.includes('m-held-') || row.includes(HELD));
    const preview = await privacy.eraseSubject(EVA, { ...CALL, dryRun: true });
    const untouched = await everything(app, stage);
    expect(before.filter((row) => mentions(row) && !untouched.includes(row))).toEqual([]);
    const receipt = await privacy.eraseSubject(EVA, CALL);

    expect(receipt).toMatchObject({ state: 'held', dryRun: false, by: 'dpo', reason: 'art-17' });
    expect(receipt.held).toEqual([{ conversationId: HELD, records: 3 }]);
    expect(figures(preview)).toEqual(figures(receipt));
    expect(figures(receipt)).toMatchObject({
      ...{ messages: 6, 'message copies': 3, 'search documents': 6, 'conversation members': 2 },
      ...{ 'device tokens': 1, 'notification preferences': 1, jobs: 6 },
    });
    expect(receipt.holders.filter(({ left, found, removed }) => left > 0 || found !== removed)).toEqual([]);

    const after = await everything(app, stage);
    expect(after.filter((row) => row.includes(MARK))).toEqual([]);
    expect(
      after.filter(
        (row) =>
          row.includes(EVA) &&
          !row.includes(HELD) &&
          !row.includes('m-held-') &&
          !row.startsWith('mq_erasures'),
      ),
    ).toEqual([]);
    expect(after.filter((row) => held.includes(row))).toEqual(held);
    // What others wrote stays.
    const kept = await app.get(MessageStore).listConversation(PAIR);
    expect(kept.items.map(({ senderId }) => senderId)).toEqual([BEN, BEN, BEN]);
    expect((await app.get(SearchIndex).search(KEPT)).items).toHaveLength(6);
    expect((await app.get(SearchIndex).search(MARK)).items).toEqual([]);
    expect(await jobsOf(app)).toEqual({ [HELD]: 3, [FAR]: 3 });

    await privacy.releaseHold(HELD, { by: 'counsel', reason: 'case-closed' });
    const done = await privacy.receipt(receipt.id);
    expect(done).toMatchObject({ id: receipt.id, state: 'done', held: [] });
    const rest = await everything(app, stage);
    expect(rest.filter((row) => row.includes(EVA) || row.includes('HELD'))).toEqual([]);
    expect(await app.get(AuditChain).verify()).toMatchObject({ intact: true });
  });
});
