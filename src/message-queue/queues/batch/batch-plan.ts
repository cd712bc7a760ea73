import { createHash } from 'node:crypto';
import { DEFAULT_CHUNK_SIZE } from './batch-message-job.dto.js';
import type { BatchMessageJobDto } from './batch-message-job.dto.js';

/** A batch job cut into chunks; the same job always gives the same plan. */
export interface BatchPlan {
  readonly batchId: string;
  readonly segment: number;
  /** What the job names, or the batch's own. */
  readonly conversationId: string;
  /** Where the message to one recipient goes. */
  conversationOf(recipientId: string): string;
  /** Recipients without repeats, in their first order. */
  readonly chunks: readonly (readonly string[])[];
  /** Recipients named, repeats included. */
  readonly recipients: number;
  /** Repeats left out. */
  readonly skipped: number;
}

/** Plans a batch job. @param jobId names the batch when the payload does not */
export function planBatch(job: BatchMessageJobDto, jobId: string): BatchPlan {
  const unique = [...new Set(job.recipientIds)];
  const size = job.chunkSize ?? DEFAULT_CHUNK_SIZE;
  const chunks: string[][] = [];
  for (let at = 0; at < unique.length; at += size) chunks.push(unique.slice(at, at + size));
  const batchId = job.batchId ?? jobId;
  return {
    batchId,
    segment: job.segment ?? 0,
    conversationId: job.conversationId ?? batchId,
    conversationOf: conversationsOf(job, batchId),
    chunks,
    recipients: job.recipientIds.length,
    skipped: job.recipientIds.length - unique.length,
  };
}

/** Everybody's, unless each gets a text of their own: what was made for one would stand where the others read. */
function conversationsOf(job: BatchMessageJobDto, batchId: string): (recipientId: string) => string {
  const { conversationId, template, recipientVariables = {} } = job;
  if (conversationId !== undefined) return () => conversationId;
  if (template === undefined || Object.keys(recipientVariables).length === 0) return () => batchId;
  return (recipientId) => batchConversationId(batchId, recipientId);
}

/** The id of the conversation of a batch with one recipient, when each recipient gets a text of their own. */
function batchConversationId(batchId: string, recipientId: string): string {
  const digest = createHash('sha256').update(`conversation\n${batchId}\n${recipientId}`).digest('base64url');
  return `bc_${digest.slice(0, 27)}`;
}

/** The id of a batch's message to one recipient: always the same, so that it is added once however often the job runs. */
export function batchMessageId(batchId: string, recipientId: string): string {
  const digest = createHash('sha256').update(`${batchId}\n${recipientId}`).digest('base64url');
  return `b_${digest.slice(0, 27)}`;
}
