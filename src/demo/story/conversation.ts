import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ListedConversation } from '../../chat/messages/listed-conversation.js';

/** Who says what to whom. */
export interface ChatLine {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly content: string;
}

/** One message of the bundled conversation. */
export interface SampleMessage extends ChatLine {
  readonly conversation: string;
  readonly notify: 'PUSH' | 'EMAIL' | 'SMS' | 'IN_APP';
  readonly priority?: 'CRITICAL' | 'HIGH';
  readonly encrypted?: boolean;
}

/** `examples/conversation.json`. */
export interface SampleConversation {
  readonly users: readonly {
    readonly id: string;
    readonly name: string;
    readonly email: string;
    readonly phone: string;
  }[];
  readonly conversations: readonly { readonly id: string; readonly title: string }[];
  readonly messages: readonly SampleMessage[];
  readonly announcement: {
    readonly batchId: string;
    readonly from: string;
    readonly recipients: number;
    readonly chunkSize: number;
    readonly chunkDelayMs: number;
    readonly content: string;
  };
  readonly trouble: {
    readonly flaky: { readonly message: string; readonly failures: number; readonly story: string };
    readonly dead: { readonly message: string; readonly story: string };
    /** To whose mailbox a stranger's mail has to come twice. */
    readonly greylisted: { readonly user: string; readonly story: string };
    /** Its dead letter is there after the story. */
    readonly left: { readonly message: string; readonly story: string };
  };
  /** Whose second device is away while everybody writes. */
  readonly secondDevice: { readonly user: string; readonly story: string };
  readonly edits: { readonly update: string; readonly delete: string };
  readonly old: { readonly messages: number; readonly retentionDays: number };
  /** A conversation that stands still for one of its messages, until that can be delivered. */
  readonly parked: {
    readonly conversation: string;
    readonly messages: readonly ChatLine[];
    readonly poison: { readonly message: string; readonly story: string };
    /** Another one, which goes on. */
    readonly meanwhile: { readonly conversation: string; readonly messages: readonly ChatLine[] };
  };
  /** A conversation that is shredded at the end. */
  readonly closed: {
    readonly conversation: string;
    readonly between: readonly [string, string];
    readonly messages: readonly string[];
    /** Waits for tomorrow. */
    readonly reminder: string;
  };
}

/** What must have happened at the end: `examples/expected.json`. */
export interface ExpectedOutcome {
  readonly messagesDelivered: number;
  readonly messagesRead: number;
  readonly notified: Readonly<Record<'push' | 'email' | 'sms' | 'in_app', number>>;
  readonly searchable: number;
  readonly encrypted: number;
  readonly decryptedBackEqual: number;
  readonly batchRecipients: number;
  readonly messagesCleanedUp: number;
  readonly retriedThenSucceeded: number;
  readonly deadLettered: number;
  readonly replayed: number;
  readonly deadLettersLeft: number;
  /** Mailboxes that put off a stranger's mail, and the mails that they took later. */
  readonly greylisted: Readonly<Record<'mailboxes' | 'mails', number>>;
  /** What the device that was away missed, got when it was back, and got in the order of its conversation. */
  readonly secondDevice: Readonly<Record<'missed' | 'caughtUp' | 'inOrder', number>>;
  readonly parked: Readonly<
    Record<'keys' | 'toldByHealth' | 'held' | 'deliveredMeanwhile' | 'deliveredInOrder', number>
  >;
  /** Those of the story's rule that fired, and how many of them are over. */
  readonly alerts: Readonly<Record<'fired' | 'resolved', number>>;
  /** Completed jobs of `message-indexing` that the kept history tells of. */
  readonly history: Readonly<Record<'indexed', number>>;
  readonly shredded: Readonly<
    Record<'keysDestroyed' | 'jobs' | 'messages' | 'searchDocuments' | 'left', number>
  >;
}

const EXAMPLES = join(__dirname, '..', '..', '..', 'examples');

/** The conversations as the chat page lists them. @param run part of their ids */
export function listConversations(sample: SampleConversation, run: string): ListedConversation[] {
  const { messages: alone, parked } = sample;
  const ofOne = ({
    conversation,
    messages,
  }: typeof parked.meanwhile): Pick<SampleMessage, 'conversation' | 'from' | 'to'>[] =>
    messages.map((line) => ({ ...line, conversation }));
  const all = [...alone, ...ofOne(parked), ...ofOne(parked.meanwhile)];
  return sample.conversations.map(({ id, title }) => {
    const messages = all.filter(({ conversation }) => conversation === id);
    const present = new Set(messages.flatMap(({ from, to }) => [from, to]));
    const people = [...present].map((userId) => ({
      id: userId,
      name: sample.users.find((user) => user.id === userId)?.name ?? userId,
    }));
    return { id: `${id}-${run}`, title, people };
  });
}

function load<T>(file: string): T {
  return JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as T;
}

/** The bundled conversation. */
export function loadConversation(): SampleConversation {
  return load<SampleConversation>('conversation.json');
}

/** What must come out of it. */
export function loadExpectedOutcome(): ExpectedOutcome {
  return load<ExpectedOutcome>('expected.json');
}
