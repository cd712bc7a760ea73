import assert from 'node:assert/strict';
import type { DeliveryDispatch, DispatchedMessage } from '../../../ports/messages/delivery-dispatch.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { AWKWARD_TEXT, aMessage, never, rejectsWhenAborted } from '../contract-values.js';

/** A way to the delivery queue, and a look at what has arrived. */
export interface DeliveryDispatchSubject {
  readonly dispatch: DeliveryDispatch;
  /** Ids of the messages that the delivery queue has, one for each job, in any order. */
  readonly queued: () => readonly string[] | Promise<readonly string[]>;
}

/** The contract of every DeliveryDispatch. @param create a queue that is empty and delivers nothing, for each test */
export function deliveryDispatchContract(
  create: CreateSubject<DeliveryDispatchSubject>,
  runner?: ContractRunner,
): void {
  const queuedIn = async ({ queued }: DeliveryDispatchSubject): Promise<string[]> =>
    [...(await queued())].sort();
  declareContract('DeliveryDispatch', create, runner, (test) => {
    test('hands on a chunk, and one of nothing', async (subject) => {
      const chunk = [dispatched('m1'), dispatched('m2', { content: AWKWARD_TEXT, batchId: 'batch-1' })];
      assert.deepEqual(await outcomes(subject, chunk), ['queued', 'queued']);
      assert.deepEqual(await outcomes(subject, []), []);
      assert.deepEqual(await queuedIn(subject), ['m1', 'm2']);
    });

    test('queues each message id once, and answers in the order of the chunk', async (subject) => {
      await outcomes(subject, [dispatched('m1'), dispatched('m3')]);
      const chunk = ['m3', 'm2', 'm1', 'm4'].map((id) => dispatched(id));
      assert.deepEqual(await outcomes(subject, chunk), ['duplicate', 'queued', 'duplicate', 'queued']);
      assert.deepEqual(await queuedIn(subject), ['m1', 'm2', 'm3', 'm4']);
    });

    test('queues an id once also within one chunk', async (subject) => {
      assert.deepEqual(await outcomes(subject, [dispatched('m1'), dispatched('m1')]), [
        'queued',
        'duplicate',
      ]);
      assert.deepEqual(await queuedIn(subject), ['m1']);
    });

    test('queues once what two runs hand on at the same time', async (subject) => {
      const chunk = ['m1', 'm2', 'm3'].map((id) => dispatched(id));
      const both = (await Promise.all([outcomes(subject, chunk), outcomes(subject, chunk)])).flat();
      assert.equal(both.filter((outcome) => outcome === 'queued').length, 3);
      assert.deepEqual(await queuedIn(subject), ['m1', 'm2', 'm3']);
    });

    test('hands on nothing once it is aborted', async (subject) => {
      await rejectsWhenAborted((signal) => subject.dispatch.dispatchMany([dispatched('m1')], signal));
      assert.deepEqual(await queuedIn(subject), []);
    });
  });
}

async function outcomes(
  { dispatch }: DeliveryDispatchSubject,
  chunk: readonly DispatchedMessage[],
): Promise<string[]> {
  return (await dispatch.dispatchMany(chunk, never())).map(({ outcome }) => outcome);
}

function dispatched(messageId: string, fields: Partial<DispatchedMessage> = {}): DispatchedMessage {
  const { senderId, conversationId, content, batchId } = aMessage();
  return {
    ...{ messageId, senderId, recipientId: `recipient-of-${messageId}`, conversationId, content, batchId },
    ...{ requiresEncryption: false, createdAt: new Date() },
    ...fields,
  };
}
