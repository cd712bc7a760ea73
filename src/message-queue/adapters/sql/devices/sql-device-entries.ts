import type { Expression, ExpressionBuilder, SqlBool, Transaction } from 'kysely';
import { FeedKind } from '../../../ports/messages/device-feed.js';
import type { FeedEntry, FeedNote, FeedPage, FeedPlace } from '../../../ports/messages/device-feed.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { toDate } from '../database/sql-values.js';
import { isVisible, withRecipients } from '../messages/sql-message.rows.js';
import type { SqlSchema } from '../schema/sql-schema.js';

type EntryExpressions = ExpressionBuilder<SqlSchema & { entry: SqlSchema['mq_device_entries'] }, 'entry'>;

/** Kinds that keep their place once they were noted. */
const KEPT: readonly FeedKind[] = [FeedKind.MESSAGE, FeedKind.OWN];

/**
 * Lets the transaction continue once no other one writes in this person's feed: positions appear in their order.
 * @returns the last position; null: the person has no feed
 */
export async function lockFeed(
  { dialect }: SqlDatabase,
  tx: Transaction<SqlSchema>,
  personId: string,
): Promise<number | null> {
  const feed = tx.selectFrom('mq_device_feeds').select('last_position').where('person_id', '=', personId);
  const [row] = await (dialect === 'postgres' ? feed.forUpdate() : feed).execute();
  return row?.last_position ?? null;
}

/** Sets the last position of a feed that is locked. */
export async function setLast(
  tx: Transaction<SqlSchema>,
  personId: string,
  last_position: number,
): Promise<void> {
  await tx.updateTable('mq_device_feeds').set({ last_position }).where('person_id', '=', personId).execute();
}

/** Adds an entry to a feed, or moves the one that is there. */
export async function noteEntry(
  database: SqlDatabase,
  note: FeedNote,
  signal: AbortSignal,
): Promise<FeedPlace | null> {
  const { personId, kind, messageId } = note;
  // Most people of some apps have no device that says who it is: one read, and no transaction.
  const [feed] = await database.run('find a feed', signal, (db) =>
    db.selectFrom('mq_device_feeds').select('person_id').where('person_id', '=', personId).execute(),
  );
  if (feed === undefined) return null;
  return database.transaction('note for devices', signal, async (tx) => {
    const last = await lockFeed(database, tx, personId);
    if (last === null) return null;
    const [known] = await tx
      .selectFrom('mq_device_entries as entry')
      .select(['entry.position', (eb) => eb.case().when(hasFailed(eb)).then(1).else(0).end().as('failed')])
      .where('entry.person_id', '=', personId)
      .where('entry.message_id', '=', messageId)
      .where('entry.kind', '=', kind)
      .execute();
    if (known !== undefined && KEPT.includes(kind) && known.failed === 0)
      return { position: known.position, isNew: false };
    const position = last + 1;
    const isNoted =
      known === undefined ? await addEntry(tx, note, position) : await moveEntry(tx, note, position);
    if (!isNoted) return null;
    await setLast(tx, personId, position);
    return { position, isNew: true };
  });
}

async function addEntry(tx: Transaction<SqlSchema>, note: FeedNote, position: number): Promise<boolean> {
  const { personId, kind, messageId, conversationId, at } = note;
  const entry = {
    ...{ person_id: personId, position, kind, message_id: messageId, conversation_id: conversationId },
    at: at.getTime(),
  };
  if (kind === FeedKind.RECALL) {
    await tx
      .insertInto('mq_device_entries')
      .values({ ...entry, stored_id: null })
      .execute();
    return true;
  }
  const added = await tx
    .insertInto('mq_device_entries')
    .columns(['person_id', 'position', 'kind', 'message_id', 'conversation_id', 'at', 'stored_id'])
    // Only while the message is there.
    .expression((eb) =>
      eb
        .selectFrom('mq_messages')
        .select([
          eb.cast<string>(eb.val(entry.person_id), 'text').as('person_id'),
          eb.cast<number>(eb.val(position), 'bigint').as('position'),
          eb.cast<FeedKind>(eb.val(kind), 'text').as('kind'),
          'mq_messages.message_id',
          'mq_messages.conversation_id',
          eb.cast<number>(eb.val(entry.at), 'bigint').as('at'),
          'mq_messages.message_id as stored_id',
        ])
        .where('mq_messages.message_id', '=', messageId),
    )
    .returning('position')
    .execute();
  return added.length > 0;
}

async function moveEntry(
  tx: Transaction<SqlSchema>,
  { personId, kind, messageId, at }: FeedNote,
  position: number,
): Promise<boolean> {
  const moved = await tx
    .updateTable('mq_device_entries')
    .set({ position, at: at.getTime() })
    .where('person_id', '=', personId)
    .where('message_id', '=', messageId)
    .where('kind', '=', kind)
    .returning('position')
    .execute();
  return moved.length > 0;
}

/** The next entries that users see. */
export async function listEntries(
  database: SqlDatabase,
  personId: string,
  after: number,
  limit: number,
  signal: AbortSignal,
): Promise<FeedPage> {
  const { last, rows, messages } = await database.run('list what devices missed', signal, async (db) => {
    // Read first: everything up to it is there.
    const [feed] = await db
      .selectFrom('mq_device_feeds')
      .select('last_position')
      .where('person_id', '=', personId)
      .execute();
    const entries = await db
      .selectFrom('mq_device_entries as entry')
      .selectAll()
      .where('entry.person_id', '=', personId)
      .where('entry.position', '>', after)
      .where(isShown)
      .orderBy('entry.position')
      .limit(limit + 1)
      .execute();
    const ids = entries.flatMap(({ stored_id }) => stored_id ?? []);
    const stored =
      ids.length === 0
        ? []
        : await db.selectFrom('mq_messages').selectAll().where('message_id', 'in', ids).execute();
    return { last: feed?.last_position ?? after, rows: entries, messages: stored };
  });
  const found = new Map(
    (await withRecipients(database, messages, signal)).map((message) => [message.messageId, message]),
  );
  const shown = rows.slice(0, limit);
  const hasMore = rows.length > limit;
  const end = shown.at(-1)?.position ?? after;
  const entries = shown.flatMap((row): FeedEntry[] => {
    const message = row.stored_id === null ? null : found.get(row.stored_id);
    // Gone in this moment.
    if (message === undefined) return [];
    const { position, kind, message_id: messageId, conversation_id: conversationId } = row;
    return [{ position, kind, messageId, conversationId, at: toDate(row.at), message }];
  });
  return { entries, position: hasMore ? end : Math.max(end, last), hasMore };
}

/** Whether a device is shown an entry: its message is one that users see, and has not failed on its way to the person since. */
export function isShown(eb: EntryExpressions): Expression<SqlBool> {
  const message = eb
    .selectFrom('mq_messages as message')
    .select('message.message_id')
    .whereRef('message.message_id', '=', 'entry.stored_id')
    .where((of) => isVisible(of as unknown as Parameters<typeof isVisible>[0]));
  return eb.or([eb('entry.stored_id', 'is', null), eb.and([eb.exists(message), eb.not(hasFailed(eb))])]);
}

/** Whether the person's copy failed after it had been noted. */
function hasFailed(eb: EntryExpressions): Expression<SqlBool> {
  return eb.exists(
    eb
      .selectFrom('mq_message_recipients as copy')
      .select('copy.message_id')
      .whereRef('copy.message_id', '=', 'entry.stored_id')
      .whereRef('copy.recipient_id', '=', 'entry.person_id')
      .where('entry.kind', '=', FeedKind.MESSAGE)
      .where('copy.status', '=', 'failed')
      .whereRef('copy.status_at', '>', 'entry.at'),
  );
}
