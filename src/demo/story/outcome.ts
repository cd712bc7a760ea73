import { EncryptedContentStore, MessageStore, SearchIndex } from '../../message-queue/ports/index.js';
import type { ErasureReceipt } from '../../message-queue/operations/index.js';
import type { RecipientStatus } from '../../message-queue/ports/index.js';
import type { INestApplicationContext } from '@nestjs/common';
import type { ExpectedOutcome, SampleConversation } from './conversation.js';
import type { Stage } from '../stage/stage.js';
import type { Story } from './story.js';

/** Reads from the stores and channels what the jobs have done; nothing is taken from the story itself. */
export async function readOutcome(
  stage: Stage,
  story: Story,
  sample: SampleConversation,
  told: Pick<ExpectedOutcome, 'replayed' | 'parked' | 'alerts' | 'history'>,
  receipt: ErasureReceipt,
): Promise<ExpectedOutcome> {
  const { app, mail, statistics } = stage;
  const batch = await app.get(MessageStore).countBatch(story.idOf(sample.announcement.batchId));
  const statuses = await readStatuses(app, story, sample);
  const batchDelivered = batch.delivered + batch.read;
  return {
    messagesDelivered: statuses.filter(({ deliveredAt }) => deliveredAt !== null).length + batchDelivered,
    messagesRead: statuses.filter(({ status }) => status === 'read').length,
    notified: { email: mail.mails, ...(await stage.countSent()) },
    searchable: await countSearchable(app, sample, story),
    encrypted: await countEncrypted(app, story),
    decryptedBackEqual: await story.decryptedBackEqual(),
    batchRecipients: batchDelivered,
    messagesCleanedUp: await countCleanedUp(app, sample, story),
    retriedThenSucceeded: statistics.retriedThenSucceeded,
    deadLettered: statistics.deadLettered,
    replayed: told.replayed,
    deadLettersLeft: statistics.deadLettersLeft,
    greylisted: mail.later,
    secondDevice: story.away.outcome,
    parked: told.parked,
    alerts: told.alerts,
    history: told.history,
    shredded: shreddedBy(receipt),
  };
}

function shreddedBy({ keysDestroyed, holders }: ErasureReceipt): ExpectedOutcome['shredded'] {
  const removed = (name: string): number => holders.find((holder) => holder.name === name)?.removed ?? 0;
  return {
    keysDestroyed,
    jobs: removed('jobs'),
    messages: removed('messages'),
    searchDocuments: removed('search documents'),
    left: holders.reduce((sum, { left }) => sum + left, 0),
  };
}

/** The lines in which two outcomes differ; empty when they are equal. */
export function differences(expected: ExpectedOutcome, actual: ExpectedOutcome): string[] {
  const flat = (outcome: ExpectedOutcome): Map<string, number> =>
    new Map(
      Object.entries(outcome).flatMap(([name, value]: [string, number | Record<string, number>]) =>
        typeof value === 'number'
          ? [[name, value] as const]
          : Object.entries(value).map(([key, count]) => [`${name}.${key}`, count] as const),
      ),
    );
  const got = flat(actual);
  return [...flat(expected)]
    .filter(([name, value]) => got.get(name) !== value)
    .map(([name, value]) => `${name}: expected ${value}, got ${got.get(name)}`);
}

async function readStatuses(
  app: INestApplicationContext,
  story: Story,
  sample: SampleConversation,
): Promise<RecipientStatus[]> {
  const store = app.get(MessageStore);
  const found = await Promise.all(sample.messages.map(({ id, to }) => store.findStatus(story.idOf(id), to)));
  return found.filter((status) => status !== null);
}

async function countSearchable(
  app: INestApplicationContext,
  sample: SampleConversation,
  story: Story,
): Promise<number> {
  const index = app.get(SearchIndex);
  const found = await Promise.all(
    sample.messages.map(async ({ id, conversation, content }) => {
      const beginning = content.slice(0, 12);
      const hits = await index.search(beginning, { conversationId: story.conversationOf(conversation) });
      return hits.items.some(({ messageId }) => messageId === story.idOf(id));
    }),
  );
  return found.filter(Boolean).length;
}

async function countEncrypted(app: INestApplicationContext, story: Story): Promise<number> {
  const store = app.get(EncryptedContentStore);
  const sealed = await Promise.all(
    story.secrets.map(async ({ id, content }) => {
      const stored = await store.findEncrypted(story.idOf(id));
      return stored !== null && !stored.envelope.includes(content);
    }),
  );
  return sealed.filter(Boolean).length;
}

async function countCleanedUp(
  app: INestApplicationContext,
  sample: SampleConversation,
  story: Story,
): Promise<number> {
  const store = app.get(MessageStore);
  const ids = Array.from({ length: sample.old.messages }, (_, n) => story.idOf(`old-${n + 1}`));
  const found = await Promise.all(ids.map((id) => store.find(id)));
  return found.filter((message) => message === null).length;
}
