import assert from 'node:assert/strict';
import type { MessageTransport, TransportMessage } from '../../../ports/messages/message-transport.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { AWKWARD_TEXT, aMessage, at, never, rejectsWhenAborted } from '../contract-values.js';

/** A transport that reaches one recipient of the test's, and not another. */
export interface MessageTransportSubject {
  readonly transport: MessageTransport;
  /** Somebody who is there and takes every message. */
  readonly reachable: string;
  /** Somebody who is not there. */
  readonly unreachable: string;
  /** What the recipients got so far, as they read it off the wire; dates may be ISO strings. */
  readonly received: () => readonly object[];
}

/** The contract of every MessageTransport. @param create a transport whose peers have got nothing yet, for each test */
export function messageTransportContract(
  create: CreateSubject<MessageTransportSubject>,
  runner?: ContractRunner,
): void {
  declareContract('MessageTransport', create, runner, (test) => {
    test('hands over the whole message, whatever its text', async (subject) => {
      const message = messageTo(subject.reachable, { content: AWKWARD_TEXT, encrypted: true });
      const receipt = await subject.transport.deliver(message, never());
      assert.ok(receipt.outcome === 'sent' || receipt.outcome === 'delivered', receipt.outcome);
      assert.ok(receipt.reached >= 1);
      assert.deepEqual(subject.received().map(asJson), [asJson(message)]);
    });

    test('hands over a repeat again, with the same id', async ({ transport, reachable, received }) => {
      const message = messageTo(reachable);
      const first = await transport.deliver(message, never());
      assert.deepEqual(await transport.deliver(message, never()), first);
      assert.deepEqual(received().map(asJson), [asJson(message), asJson(message)]);
    });

    test('reports offline, and does not fail, when nobody is there', async (subject) => {
      const receipt = await subject.transport.deliver(messageTo(subject.unreachable), never());
      assert.deepEqual(receipt, { outcome: 'offline', reached: 0 });
      assert.deepEqual(subject.received(), []);
    });

    test('hands over nothing once it is aborted', async ({ transport, reachable, received }) => {
      await rejectsWhenAborted((signal) => transport.deliver(messageTo(reachable), signal));
      assert.deepEqual(received(), []);
    });

    test('announces a status also when no device of the sender is there', async (subject) => {
      const { messageId, conversationId, senderId, recipientId } = messageTo(subject.reachable);
      const ids = { messageId, conversationId, senderId: subject.unreachable, recipientId };
      assert.notEqual(senderId, recipientId);
      await subject.transport.announceStatus?.({ ...ids, status: 'read', at: at(1) }, never());
      assert.deepEqual(subject.received(), []);
    });

    test('says of a recall whether somebody took note', async ({ transport, reachable, unreachable }) => {
      if (transport.announceRecall === undefined) return;
      const { messageId, conversationId } = messageTo(reachable);
      const tell = (userId: string) =>
        transport.announceRecall?.({ messageId, conversationId, userId }, never());
      assert.equal(await tell(reachable), true);
      assert.equal(await tell(unreachable), false);
    });
  });
}

/** Made now: transports give up on a message by its age. */
function messageTo(recipientId: string, fields: Partial<TransportMessage> = {}): TransportMessage {
  const { messageId, senderId, conversationId, content, encrypted } = aMessage();
  const attachments = [{ id: 'a1', fileName: 'plan.pdf', contentType: 'application/pdf', sizeBytes: 3 }];
  return {
    ...{ messageId, senderId, recipientId, conversationId, content, encrypted, attachments },
    createdAt: new Date(),
    ...fields,
  };
}

function asJson(message: object): unknown {
  return JSON.parse(JSON.stringify(message));
}
