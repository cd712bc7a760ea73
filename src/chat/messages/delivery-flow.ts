import type { FlowPolicy, SendMessageJobDto } from '../../message-queue/index.js';

/**
 * Messages of one conversation are delivered in the order in which they were accepted: one whose line drops keeps those behind it waiting,
 * and one that nobody can deliver stops its conversation until somebody looks at it. Two kinds of jobs go their own way: messages of
 * a batch, since people who get the same announcement do not wait for each other, and confirmations, which name no conversation and
 * need no order, since a status never goes back.
 */
export const DELIVERY_FLOW: FlowPolicy = {
  key: {
    of: ({ conversationId, batchId }: Partial<SendMessageJobDto>) =>
      batchId === undefined ? conversationId : undefined,
  },
};
