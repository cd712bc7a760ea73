import assert from 'node:assert/strict';
import type { BatchProgress, BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import { declareContract } from './contract-runner.js';
import type { ContractRunner, CreateSubject } from './contract-runner.js';
import { never } from './contract-values.js';

function progress(fields: Partial<BatchProgress> = {}): BatchProgress {
  return {
    ...{ batchId: 'batch-1', segment: 0, chunksDone: 1, totalChunks: 4, recipients: 200 },
    ...{ sent: 48, failed: 1, skipped: 1, ...fields },
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
