import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ElasticsearchSearchIndex } from '../../src/message-queue/adapters/elasticsearch/index.js';
import { recipientTerm } from '../../src/message-queue/adapters/shared/search/search-terms.js';
import { SqlDatabase, SqlSearchIndex } from '../../src/message-queue/adapters/sql/index.js';
import type { SearchDocument, SearchIndex } from '../../src/message-queue/ports/index.js';
import { emptyTables } from '../support/empty-tables.js';
import { TestPostgres } from '../support/postgres-server.js';
import { TestCluster } from './elasticsearch-cluster.fixture.js';

const never = new AbortController().signal;

const aDocument = (messageId: string, content = 'Łódź', version = 10): SearchDocument => ({
  ...{ messageId, content, version, conversationId: 'c-1', senderId: 'ana', createdAt: new Date(1_000) },
  recipientIds: ['ben'],
});

async function found(index: SearchIndex, text: string, readerId?: string): Promise<string[]> {
  return (await index.search(text, { readerId })).items.map(({ messageId }) => messageId).sort();
}

/** An index, and how a release that knew no marks leaves a document in it. */
interface Stage {
  readonly index: SearchIndex;
  writeOld(messageId: string): Promise<void>;
}

/** What an older release folded is found again, whatever else happens meanwhile. */
function runFolding(stage: () => Promise<Stage>): void {
  const ids = ['m1', 'm2', 'm3', 'm4', 'm5'];

  async function setUp(): Promise<Stage> {
    const made = await stage();
    await made.index.indexMany(
      ids.map((id) => aDocument(id)),
      never,
    );
    for (const id of ids) await made.writeOld(id);
    return made;
  }

  it('is counted, and found again after it was folded page by page', async () => {
    const { index } = await setUp();
    expect(await found(index, 'lodz')).toEqual([]);
    expect(await index.countOutdated(never)).toBe(5);
    expect(await index.refold(2, never)).toBe(2);
    // Stopped anywhere, it goes on where it was.
    expect(await index.countOutdated(never)).toBe(3);
    expect(await found(index, 'lodz')).toHaveLength(2);
    expect(await index.refold(2, never)).toBe(2);
    expect(await index.refold(2, never)).toBe(1);
    expect(await index.refold(2, never)).toBe(0);
    expect(await index.countOutdated(never)).toBe(0);
    expect(await found(index, 'lodz')).toEqual(ids);
    expect(await found(index, 'lodz', 'ben')).toEqual(ids);
    expect(await found(index, 'lodz', 'cleo')).toEqual([]);
    const [hit] = (await index.search('lodz')).items;
    expect(hit).toMatchObject({ conversationId: 'c-1', senderId: 'ana', createdAt: new Date(1_000) });
  });

  it('keeps versions and tombstones, and brings nothing back', async () => {
    const { index } = await setUp();
    await index.removeMany(['m1'], new Date(), never);
    expect(await index.countOutdated(never)).toBe(4);
    expect(await index.refold(10, never)).toBe(4);
    expect(await index.indexMany([aDocument('m1'), aDocument('m2', 'older', 9)], never)).toEqual([
      'deleted',
      'stale',
    ]);
    expect(await found(index, 'lodz')).toEqual(['m2', 'm3', 'm4', 'm5']);
  });

  it('loses no write that comes at the same time', async () => {
    const { index } = await setUp();
    const writes = ids.map((id, at) => index.indexMany([aDocument(id, `newer${at}`, 11)], never));
    await Promise.all([index.refold(2, never), ...writes, index.refold(3, never), index.refold(5, never)]);
    while ((await index.refold(2, never)) > 0);
    for (const [at, id] of ids.entries()) expect(await found(index, `newer${at}`)).toEqual([id]);
    expect(await found(index, 'lodz')).toEqual([]);
    expect(await index.countOutdated(never)).toBe(0);
  });

  it('counts again what an older release writes in the meantime', async () => {
    const { index, writeOld } = await setUp();
    await index.refold(10, never);
    await writeOld('m3');
    expect(await index.countOutdated(never)).toBe(1);
    expect(await index.refold(10, never)).toBe(1);
    expect(await found(index, 'lodz')).toEqual(ids);
  });
}

/** The terms as they were folded before, without the mark. */
async function writeOldRow(database: SqlDatabase, messageId: string): Promise<void> {
  const terms = `łodz ‖0123456789abcdef0123456789abcdef ${recipientTerm('ben')} ff09`;
  await database.run('write as before', never, (db) =>
    db.updateTable('mq_search_documents').set({ terms }).where('message_id', '=', messageId).execute(),
  );
}

describe('a document of an older folding in SQLite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-folding-'));
  const opened: SqlDatabase[] = [];
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  let files = 0;
  runFolding(async () => {
    const database = await SqlDatabase.open({ url: join(directory, `${(files += 1)}.db`) });
    opened.push(database);
    return { index: new SqlSearchIndex(database), writeOld: (id) => writeOldRow(database, id) };
  });

  it('is found by an index, in order, when it is looked for', async () => {
    const database = await SqlDatabase.open({ url: join(directory, 'plan.db') });
    opened.push(database);
    const { sql } = database;
    const plan = await database.run('explain', never, (db) =>
      sql<{ detail: string }>`EXPLAIN QUERY PLAN SELECT message_id FROM mq_search_documents
        WHERE removed = 0 AND substr(terms, -4) < ${'‖v02'} ORDER BY substr(terms, -4), message_id LIMIT 5`.execute(
        db,
      ),
    );
    const steps = plan.rows.map(({ detail }) => detail).join('\n');
    expect(steps).toContain('mq_search_documents_folding');
    expect(steps).not.toContain('TEMP B-TREE');
  });
});

describe('a document of an older folding in PostgreSQL', () => {
  let server: TestPostgres;
  let database: SqlDatabase;
  beforeAll(async () => {
    server = await TestPostgres.start();
    database = await SqlDatabase.open({ url: await server.createDatabase() });
  });
  afterAll(async () => {
    await database.close();
    await server.stop();
  });

  runFolding(async () => {
    await emptyTables(database);
    return { index: new SqlSearchIndex(database), writeOld: (id) => writeOldRow(database, id) };
  });
});

describe('a document of an older folding in Elasticsearch', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await TestCluster.start();
  });
  afterEach(() => cluster.stop());

  runFolding(() => {
    const index = new ElasticsearchSearchIndex({ url: cluster.url, refresh: 'wait_for' });
    const writeOld = async (messageId: string): Promise<void> => {
      const { recipientIds: _, createdAt, version, ...message } = aDocument(messageId);
      const terms = ['łodz', recipientTerm('ben')];
      const lines = [
        { index: { _id: messageId, version, version_type: 'external_gte' } },
        { ...message, createdAt: createdAt.getTime(), terms },
      ];
      const answer = await fetch(`${cluster.url}/messages/_bulk?refresh=wait_for`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`,
      });
      expect(answer.status).toBe(200);
    };
    return Promise.resolve({ index, writeOld });
  });
});
