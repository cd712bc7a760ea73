import assert from 'node:assert/strict';
import type { BatchProgress, BatchProgressStore } from '../../../ports/messages/batch-progress-store.js';
import type { CleanupStore } from '../../../ports/messages/cleanup-store.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { aMessage, at, never } from '../contract-values.js';
import { declareOldRecords } from '../old-records.contract.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

function progress(fields: Partial<BatchProgress> = {}): BatchProgress {
  return {
    ...{ batchId: 'batch-1', segment: 0, chunksDone: 1, totalChunks: 4, recipients: 200 },
    ...{ sent: 48, failed: 1, skipped: 1, savedAt: at(0), ...fields },
  };
}

/** The contract of every BatchProgressStore. @param create an empty store for each test */
export function batchProgressStoreContract(
  create: CreateSubject<BatchProgressStore>,
  runner?: ContractRunner,
): void {
  declareContract('BatchProgressStore', create, runner, (test) => {
    test('knows nothing of a batch that has not begun', async (store) => {
      await store.save(progress(), never());
      assert.equal(await store.find('batch-1', 1, never()), null);
      assert.equal(await store.find('batch-2', 0, never()), null);
      assert.equal(await store.summarize('batch-2'), null);
    });

    test('goes forward only', async (store) => {
      await store.save(progress({ chunksDone: 2, sent: 96 }), never());
      await store.save(progress({ chunksDone: 1, sent: 48 }), never());
      assert.deepEqual(await store.find('batch-1', 0, never()), progress({ chunksDone: 2, sent: 96 }));
      await store.save(progress({ chunksDone: 3, sent: 140 }), never());
      assert.deepEqual(await store.find('batch-1', 0, never()), progress({ chunksDone: 3, sent: 140 }));
    });

    test('ends with the furthest of steps that come at once', async (store) => {
      const steps = [3, 9, 1, 7, 10, 5, 8, 2, 6, 4];
      await Promise.all(
        steps.map((chunksDone) =>
          store.save(progress({ chunksDone, totalChunks: 10, sent: chunksDone }), never()),
        ),
      );
      const stored = await store.find('batch-1', 0, never());
      assert.deepEqual([stored?.chunksDone, stored?.sent], [10, 10]);
    });

    declareBeginnings(test);

    declareOldRecords(test, {
      store: (store) => store,
      put: (store, id, savedAt) => store.save(progress({ batchId: id, savedAt }), never()),
      all: async (store, ids) => {
        const found = await Promise.all(ids.map((id) => store.find(id, 0, never())));
        return found.flatMap((one) => one?.batchId ?? []);
      },
    });

    test('counts the age of progress from its last step', async (store) => {
      await store.save(progress({ savedAt: at(1) }), never());
      await store.save(progress({ chunksDone: 2, savedAt: at(9) }), never());
      assert.equal(await store.countOld(at(5), never()), 0);
      assert.deepEqual((await store.find('batch-1', 0, never()))?.savedAt, at(9));
    });

    test('sums up the segments of a batch', async (store) => {
      await store.save(progress(), never());
      await store.save(progress({ segment: 1, chunksDone: 4, sent: 199, failed: 0 }), never());
      await store.save(progress({ batchId: 'batch-2', sent: 1_000 }), never());
      assert.deepEqual(await store.summarize('batch-1'), {
        ...{ batchId: 'batch-1', segments: 2, chunksDone: 5, totalChunks: 8, recipients: 400 },
        ...{ sent: 247, failed: 1, skipped: 2 },
      });
    });
  });
}

function declareBeginnings(test: ContractTest<BatchProgressStore>): void {
  const begun = (jobId: string, fingerprint: string, fields: Partial<BatchProgress> = {}): BatchProgress =>
    progress({ chunksDone: 0, origin: { jobId, jobAddedAt: at(1), fingerprint }, ...fields });

  test('lets one of several jobs begin a segment, and tells all of them which', async (store) => {
    const jobs = Array.from({ length: 12 }, (_, index) => begun(`job-${index}`, `content ${index}`));
    const answers = await Promise.all(jobs.map((job) => store.begin(job, never())));
    const stored = await store.find('batch-1', 0, never());
    assert.ok(jobs.some(({ origin }) => origin?.jobId === stored?.origin?.jobId));
    for (const answer of answers) assert.deepEqual(answer, stored);
    const other = begun('job-x', 'x', { segment: 1 });
    assert.deepEqual(await store.begin(other, never()), other);
  });

  test('stores no progress of a job that has not begun the segment', async (store) => {
    await store.begin(begun('job-1', 'one'), never());
    await store.save(begun('job-2', 'two', { chunksDone: 3 }), never());
    assert.deepEqual(await store.find('batch-1', 0, never()), begun('job-1', 'one'));
    // Another job of the same batch carries on.
    await store.save(begun('job-1', 'one', { chunksDone: 2 }), never());
    assert.equal((await store.find('batch-1', 0, never()))?.chunksDone, 2);
    // The job was edited: it begins anew.
    await store.save(begun('job-1', 'edited', { chunksDone: 1 }), never());
    const edited = await store.find('batch-1', 0, never());
    assert.deepEqual([edited?.chunksDone, edited?.origin?.fingerprint], [1, 'edited']);
  });

  test('forgets what a job has begun while no chunk of it was handed on', async (store) => {
    await store.begin(begun('job-1', 'one'), never());
    assert.equal(await store.abandon('batch-1', 0, 'job-2', never()), false);
    assert.equal(await store.abandon('batch-1', 1, 'job-1', never()), false);
    assert.equal(await store.abandon('batch-1', 0, 'job-1', never()), true);
    assert.equal(await store.abandon('batch-1', 0, 'job-1', never()), false);
    const next = begun('job-2', 'two');
    assert.deepEqual(await store.begin(next, never()), next);
    await store.save({ ...next, chunksDone: 1 }, never());
    assert.equal(await store.abandon('batch-1', 0, 'job-2', never()), false);
    assert.equal((await store.find('batch-1', 0, never()))?.chunksDone, 1);
  });
}

/** A BatchProgressStore and the stores of the messages that it sees. */
export interface BatchTracesSubject {
  readonly batches: BatchProgressStore;
  readonly messages: MessageStore;
  readonly cleanup: CleanupStore;
}

/** The contract of a BatchProgressStore that sees the messages. @param create empty stores over the same data for each test */
export function batchTracesContract(
  create: CreateSubject<BatchTracesSubject>,
  runner?: ContractRunner,
): void {
  declareContract('BatchProgressStore as a trace holder', create, runner, (test) => {
    declareTraces(test, {
      foundBy: ['messages', 'conversation', 'deletions', 'subject'],
      knowsConversations: true,
      holder: ({ batches }) => batches,
      put: async ({ batches, messages }, { id, messageId, conversationId, subjectId, writtenAt }) => {
        await messages.save(
          aMessage({ messageId, conversationId, senderId: subjectId, batchId: id, createdAt: writtenAt }),
          never(),
        );
        await batches.save(progress({ batchId: id }), never());
      },
      has: async ({ batches }, { id }) => (await batches.find(id, 0, never())) !== null,
    });

    test('keeps the progress of a batch while another message of it is stored', async (subject) => {
      const { batches, messages, cleanup } = subject;
      for (const index of [1, 2, 3])
        await messages.save(
          aMessage({ messageId: `m${index}`, batchId: 'batch-1', createdAt: at(index) }),
          never(),
        );
      await batches.save(progress(), never());
      await batches.save(progress({ segment: 1 }), never());
      const target = { kind: 'messages', messageIds: ['m1', 'm2'] } as const;
      assert.equal(await batches.countTraces(target, never()), 0);
      assert.equal(await batches.eraseTraces(target, 10, never()), 0);
      assert.notEqual(await batches.find('batch-1', 0, never()), null);
      // A message that a clean-up has claimed will be gone, and is counted as gone.
      await cleanup.claim({ kind: 'message', messageId: 'm3' }, 1, never());
      assert.equal(await batches.countTraces(target, never()), 2);
      assert.equal(await batches.eraseTraces(target, 1, never()), 1);
      assert.equal(await batches.eraseTraces(target, 1, never()), 1);
      assert.equal(await batches.summarize('batch-1'), null);
    });

    test('keeps the progress of a batch of which no message is stored yet', async ({ batches, messages }) => {
      await batches.save(progress(), never());
      await messages.save(aMessage({ messageId: 'm1', batchId: 'batch-2' }), never());
      await messages.save(aMessage({ messageId: 'm2' }), never());
      const target = { kind: 'messages', messageIds: ['m1', 'm2'] } as const;
      assert.equal(await batches.countTraces(target, never()), 0);
      assert.equal(await batches.eraseTraces(target, 10, never()), 0);
      assert.notEqual(await batches.find('batch-1', 0, never()), null);
    });
  });
}
