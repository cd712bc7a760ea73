import { createHash } from 'node:crypto';
import type { MessageCipher } from '../../ports/encryption/message-cipher.js';
import type { BatchMessageJobDto } from './batch-message-job.dto.js';
import type { BatchPlan } from './batch-plan.js';

/** What a job would send, and in which chunks. */
export interface BatchIdentity {
  /** The same for the same sender, recipients in any order, content and conversation. */
  readonly content: string;
  /** The same for the same chunks. */
  readonly chunks: string;
}

/** How the batch of a job is told from others. */
export function batchIdentity(job: BatchMessageJobDto, { chunks, conversationId }: BatchPlan): BatchIdentity {
  const recipients = chunks.flat();
  const { senderId, content, template, variables, recipientVariables, requiresEncryption } = job;
  const own = recipientVariables ?? {};
  const text = template === undefined ? { content } : { template, variables: sorted(variables ?? {}) };
  const each = [...recipients]
    .sort()
    .map((id) => [id, template !== undefined && Object.hasOwn(own, id) ? sorted(own[id] ?? {}) : []]);
  return {
    content: digestOf([senderId, conversationId, requiresEncryption === true, text, each]),
    chunks: digestOf(chunks),
  };
}

/** The identity as it is stored: sealed where the messages are, so that nobody can try guesses of their text. */
export async function fingerprintOf(
  { content, chunks }: BatchIdentity,
  { batchId, isSealed }: { readonly batchId: string; readonly isSealed: boolean },
  cipher: MessageCipher,
  signal: AbortSignal,
): Promise<string> {
  const plain = `${content}.${chunks}`;
  if (!isSealed) return plain;
  return `sealed:${(await cipher.seal({ messageId: batchId, content: plain }, signal)).envelope}`;
}

/** @throws what the cipher throws when it cannot open one that is sealed */
export async function identityIn(
  fingerprint: string,
  batchId: string,
  cipher: MessageCipher,
  signal: AbortSignal,
): Promise<BatchIdentity> {
  const envelope = /^sealed:(.*)$/s.exec(fingerprint)?.[1];
  const plain =
    envelope === undefined
      ? fingerprint
      : (await cipher.open({ messageId: batchId, envelope }, signal)).content;
  const [content = '', chunks = ''] = plain.split('.');
  return { content, chunks };
}

function sorted(variables: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(variables).sort(([one], [other]) => (one < other ? -1 : 1));
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}
