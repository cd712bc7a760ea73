import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { at } from '../contract-values.js';

/** A record that the contract has stored: of a message, in a conversation, about a person. No id holds spaces or control characters. */
export interface TraceRecord {
  /** Letters and digits; unique in a test. */
  readonly id: string;
  readonly messageId: string;
  readonly conversationId: string;
  readonly subjectId: string;
  /** When it was written, where the holder knows. */
  readonly writtenAt: Date;
}

/** The kinds of target. */
export const KINDS = ['messages', 'conversation', 'deletions', 'subject'] as const;

/** Ids that a careless comparison takes for each other. */
export const ALIKE = [
  ...['id', 'ID', 'Id', 'id1', 'i', 'id%', '%', 'i_', '__', 'id*', 'i?', 'id\\', "id'--", 'id"', '[id]'],
  ...['íd', 'i\u0301d', 'ıd', 'İd', 'ⅰd', '日本', '1', '01', '1.0', '{"id":1}'],
];

/** Which of a record's ids a kind of target names. */
export const ID_OF = {
  messages: 'messageId',
  conversation: 'conversationId',
  deletions: 'conversationId',
  subject: 'subjectId',
} as const;

/** When the records of a test were written, where it does not say. */
const WRITTEN_AT = at(0);

/** A record that shares nothing with those of other numbers but what a test says. */
export function aRecord(number: number, fields: Partial<TraceRecord> = {}): TraceRecord {
  const ids = { messageId: `message-${number}`, conversationId: `conversation-${number}` };
  return { id: `trace${number}`, ...ids, subjectId: `person-${number}`, writtenAt: WRITTEN_AT, ...fields };
}

/** What makes records be of one target: messages are named one by one. */
export function sharedBy(kind: TraceTarget['kind']): Partial<TraceRecord> {
  return kind === 'messages' ? {} : { [ID_OF[kind]]: 'shared' };
}

export function targetOf(
  kind: TraceTarget['kind'],
  records: readonly [TraceRecord, ...TraceRecord[]],
): TraceTarget {
  const [{ conversationId, subjectId }] = records;
  if (kind === 'messages') return { kind, messageIds: records.map(({ messageId }) => messageId) };
  if (kind === 'conversation') return { kind, conversationId };
  if (kind === 'deletions') return { kind, deletions: [{ conversationId, deletedAt: WRITTEN_AT }] };
  return { kind, subjectId, exceptConversations: [] };
}
