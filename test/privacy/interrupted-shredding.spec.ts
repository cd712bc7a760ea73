import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { SqlDatabase, sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import { MessageQueueModule } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { Privacy } from '../../src/message-queue/operations/index.js';
import {
  ConversationStore,
  DataKeyStore,
  ErasureRunner,
  KeyProvider,
  MessageStore,
} from '../../src/message-queue/ports/index.js';
import type { DestroyOutcome, ErasureProgress, ErasureRecord } from '../../src/message-queue/ports/index.js';
import { EVA, furnish, MARK, OWN, PAIR, rowsOf } from '../support/erasure-stage.js';
import { HostApps } from '../support/host-app.js';
import { KeyRing } from '../support/key-ring.js';
import { expectKilled, killAt } from './interrupted-erasures.fixture.js';

const CALL = { by: 'dpo', reason: 'contract-ended' };
const HELD_ERROR = { code: 'LEGAL_HOLD' };
const NEVER = new AbortController().signal;

const directory = mkdtempSync(join(tmpdir(), 'mq-interrupted-shred-'));
const apps = new HostApps();
let stages = 0;

beforeEach(() => (stages += 1));
afterEach(() => apps.close());
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function start(options: MessageQueueModuleOptions): Promise<INestApplication> {
  const common = { provider: 'memory', environment: 'test', board: { enabled: false } } as const;
  return apps.start({ imports: [MessageQueueModule.forRoot({ ...common, ...options })] });
}

function onSqlite(ring = new KeyRing()): MessageQueueModuleOptions {
  const url = join(directory, `${stages}.db`);
  return { adapters: [...sqlStoreAdapters({ url }), { provide: KeyProvider, useValue: ring }] };
}

async function incompleteOf(app: INestApplication): Promise<readonly ErasureRecord[]> {
  return (await app.get(DataKeyStore).listErasures('incomplete')).items;
}

async function tombstonesOf(app: INestApplication): Promise<number> {
  return (await app.get(DataKeyStore).listTombstones()).items.length;
}

async function messagesOf(app: INestApplication, conversationId = PAIR): Promise<number> {
  return (await app.get(MessageStore).listConversation(conversationId)).items.length;
}

/** What the job `erase-traces` does for each erasure that was interrupted. */
async function goOn(app: INestApplication): Promise<(ErasureProgress | null)[]> {
  const progress: (ErasureProgress | null)[] = [];
  for (const { receiptId } of await incompleteOf(app)) {
    progress.push(await app.get(ErasureRunner).resume(receiptId, NEVER, () => Promise.resolve()));
  }
  return progress;
}

/** Does something when the keys are about to be destroyed, and afterwards. */
function aroundDestroy(
  app: INestApplication,
  around: (destroy: () => Promise<DestroyOutcome>) => Promise<DestroyOutcome>,
): void {
  const store = app.get(DataKeyStore);
  const destroy = store.destroy.bind(store);
  jest.spyOn(store, 'destroy').mockImplementationOnce((...given) => around(() => destroy(...given)));
}

const lost = (): never => {
  throw new Error('The connection is lost.');
};

/** After a step the stores hold what they hold before the next one, which is tried for every step: of these, a sample. */
const DEATHS = [
  ['before', 1],
  ['after', 7],
] as const;

describe.each(DEATHS)('a shredding whose process dies %s any of its steps', (when, stride) => {
  it('has changed nothing, or is gone on with by nobody who calls', async () => {
    let untouched = 0;
    for (let step = 1, isThrough = false; !isThrough; step += stride) {
      stages += 1;
      const options = onSqlite();
      const dying = await start(options);
      await furnish(dying);
      const stepsTaken = killAt(dying, step, when);
      const call = dying.get(Privacy).shredConversation(PAIR, CALL);
      await call.catch(expectKilled);
      isThrough = stepsTaken() < step;
      await apps.close();
      const next = await start(options);
      const rows = async (): Promise<string[]> =>
        (await rowsOf(next.get(SqlDatabase))).filter((row) => row.includes(PAIR) && row.includes(MARK));
      const before = (await rows()).length;
      const progress = await goOn(next);
      if (progress.length === 0 && (await tombstonesOf(next)) === 0) {
        untouched += 1;
        expect(before).toBeGreaterThan(0);
      } else {
        expect(progress.filter((one) => one?.state !== 'done')).toEqual([]);
        expect(await rows()).toEqual([]);
        expect(await tombstonesOf(next)).toBe(1);
      }
      await apps.close();
    }
    expect(untouched).toBe(when === 'before' ? 1 : 0);
  });
});

const STORES: readonly (readonly [string, () => MessageQueueModuleOptions])[] = [
  ['in memory', () => ({})],
  ['on SQLite', () => onSqlite()],
];

describe.each(STORES)('a shredding that is interrupted %s', (_name, optionsOf) => {
  let app: INestApplication;
  let privacy: Privacy;
  beforeEach(async () => {
    app = await start(optionsOf());
    privacy = app.get(Privacy);
    await furnish(app);
  });

  it('goes on by itself when the answer is lost that its keys are gone', async () => {
    aroundDestroy(app, async (destroy) => {
      await destroy();
      return lost();
    });
    await expect(privacy.shredConversation(PAIR, CALL)).rejects.toThrow('The connection is lost.');
    expect(await messagesOf(app)).toBe(6);
    expect(await goOn(app)).toEqual([expect.objectContaining({ state: 'done' })]);
    expect(await messagesOf(app)).toBe(0);
  });

  it('goes on by itself when its keys could not be destroyed', async () => {
    aroundDestroy(app, async () => lost());
    await expect(privacy.shredConversation(PAIR, CALL)).rejects.toThrow('The connection is lost.');
    expect(await goOn(app)).toEqual([expect.objectContaining({ state: 'done' })]);
    const [{ receiptId } = { receiptId: '' }] = (await app.get(DataKeyStore).listErasures('done')).items;
    expect(await privacy.receipt(receiptId)).toMatchObject({ keysDestroyed: 1, ...CALL });
    expect(await messagesOf(app)).toBe(0);
  });

  it('goes on by itself with a conversation in which nobody but an erased person remains', async () => {
    aroundDestroy(app, async (destroy) => {
      await destroy();
      return lost();
    });
    await expect(privacy.eraseSubject(EVA, CALL)).rejects.toThrow('The connection is lost.');
    expect(await messagesOf(app, OWN)).toBe(3);
    expect(await goOn(app)).toEqual([expect.objectContaining({ state: 'held' })]);
    expect([await messagesOf(app, OWN), await tombstonesOf(app)]).toEqual([0, 2]);
  });

  it('is refused, and not kept, when a legal hold comes before its keys are gone', async () => {
    const hold = (): Promise<void> => app.get(ConversationStore).setLegalHold(PAIR, true);
    aroundDestroy(app, async (destroy) => {
      await hold();
      return destroy();
    });
    await expect(privacy.shredConversation(PAIR, CALL)).rejects.toMatchObject(HELD_ERROR);
    expect(await incompleteOf(app)).toEqual([]);
    await privacy.releaseHold(PAIR, { by: 'counsel' });
    expect([await messagesOf(app), await tombstonesOf(app)]).toEqual([6, 0]);
    expect(await privacy.shredConversation(PAIR, { by: 'dora' })).toMatchObject({
      by: 'dora',
      state: 'done',
    });
  });

  it('is given up when a legal hold has come since, and its keys are there', async () => {
    aroundDestroy(app, async () => lost());
    await expect(privacy.shredConversation(PAIR, CALL)).rejects.toThrow('The connection is lost.');
    await privacy.hold(PAIR);
    await expect(goOn(app)).rejects.toMatchObject(HELD_ERROR);
    expect(await incompleteOf(app)).toEqual([]);
    // Nor does the audit tell a restored key store that it was erased.
    expect(await privacy.reapplyErasures()).toBe(0);
    await privacy.releaseHold(PAIR, { by: 'counsel' });
    expect([await messagesOf(app), await tombstonesOf(app)]).toEqual([6, 0]);
  });

  it('waits for the end of a legal hold that has come since its keys are gone', async () => {
    aroundDestroy(app, async (destroy) => {
      await destroy();
      return lost();
    });
    await expect(privacy.shredConversation(PAIR, CALL)).rejects.toThrow('The connection is lost.');
    await privacy.hold(PAIR);
    expect(await goOn(app)).toEqual([expect.objectContaining({ state: 'held' })]);
    expect(await messagesOf(app)).toBe(6);
    await privacy.releaseHold(PAIR, { by: 'counsel' });
    expect(await messagesOf(app)).toBe(0);
  });

  it('stays what it was when the call that repeats it is refused', async () => {
    const first = await privacy.shredConversation(PAIR, CALL);
    aroundDestroy(app, async () => {
      await app.get(ConversationStore).setLegalHold(PAIR, true);
      return { outcome: 'held' };
    });
    await expect(privacy.shredConversation(PAIR, { by: 'dora' })).rejects.toMatchObject(HELD_ERROR);
    expect(await privacy.receipt(first.id)).toEqual(first);
    expect(await incompleteOf(app)).toEqual([]);
  });
});
