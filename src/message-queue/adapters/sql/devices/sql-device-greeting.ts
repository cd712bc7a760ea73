import type { Transaction } from 'kysely';
import { FeedKind, MOST_DEVICES } from '../../../ports/messages/device-feed.js';
import type { DeviceGreeting, DeviceId } from '../../../ports/messages/device-feed.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { isVisible } from '../messages/sql-message.rows.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { isShown, lockFeed, setLast } from './sql-device-entries.js';
import { advanceDevice } from './sql-device-positions.js';

/** Entries that one statement adds for a first device. */
const ENTRIES_AT_ONCE = 1_000;

/** A device says that it is there: it goes on from where it stands, or starts with what is pending. */
export async function greetDevice(
  database: SqlDatabase,
  device: DeviceId,
  position: number | null,
  at: Date,
  signal: AbortSignal,
): Promise<DeviceGreeting> {
  for (;;) {
    // Committed before what is pending is read: a message that was noted for nobody until now is among it.
    const isOpened = await openFeed(database, device, at, signal);
    const greeting = await database.transaction('greet a device', signal, async (tx) => {
      const last = await lockFeed(database, tx, device.personId);
      // A clean-up forgot the feed in between.
      if (last === null) return null;
      const known = await advanceDevice(tx, device, position, last, at);
      let end = last;
      if (known === null || isOpened) {
        end = await addPending(database, tx, device.personId, last, at);
        if (end > last) await setLast(tx, device.personId, end);
      }
      if (known !== null) return { ...known, isNew: false };
      return { position: await addDevice(tx, device, end, at), isNew: true, reached: [] };
    });
    if (greeting !== null) return greeting;
  }
}

/** @returns whether the person had none */
async function openFeed(
  database: SqlDatabase,
  { personId }: DeviceId,
  at: Date,
  signal: AbortSignal,
): Promise<boolean> {
  const opened = await database.run('open a feed', signal, (db) =>
    db
      .insertInto('mq_device_feeds')
      .values({ person_id: personId, last_position: at.getTime() })
      .onConflict((conflict) => conflict.doNothing())
      .returning('person_id')
      .execute(),
  );
  return opened.length > 0;
}

/** @returns where the device starts */
async function addDevice(
  tx: Transaction<SqlSchema>,
  { personId, deviceId }: DeviceId,
  end: number,
  at: Date,
): Promise<number> {
  const position = await startOf(tx, personId, end);
  await tx
    .insertInto('mq_devices')
    .values({ person_id: personId, device_id: deviceId, position, seen_at: at.getTime() })
    .execute();
  await tx
    .deleteFrom('mq_devices')
    .where('person_id', '=', personId)
    .where('device_id', 'in', (eb) =>
      eb
        .selectFrom('mq_devices as silent')
        .select('silent.device_id')
        .where('silent.person_id', '=', personId)
        .where('silent.device_id', '<>', deviceId)
        .orderBy('silent.seen_at', 'desc')
        .orderBy('silent.device_id')
        .limit(1_000_000)
        .offset(MOST_DEVICES - 1),
    )
    .execute();
  return position;
}

/** Adds what is pending and not in the feed yet, the oldest first. @returns the last position */
async function addPending(
  database: SqlDatabase,
  tx: Transaction<SqlSchema>,
  personId: string,
  last: number,
  at: Date,
): Promise<number> {
  const { sql } = database;
  let end = last;
  for (;;) {
    const added = await tx
      .insertInto('mq_device_entries')
      .columns(['person_id', 'position', 'kind', 'message_id', 'conversation_id', 'at', 'stored_id'])
      .expression((eb) =>
        eb
          .selectFrom('mq_message_recipients as copy')
          .innerJoin('mq_messages as message', 'message.message_id', 'copy.message_id')
          .select([
            'copy.recipient_id as person_id',
            sql<number>`${sql.lit(end)} + ROW_NUMBER() OVER (ORDER BY copy.created_at, copy.message_id)`.as(
              'position',
            ),
            sql<FeedKind>`${sql.lit(FeedKind.MESSAGE)}`.as('kind'),
            'message.message_id',
            'message.conversation_id',
            sql<number>`${sql.lit(at.getTime())}`.as('at'),
            'message.message_id as stored_id',
          ])
          .where('copy.recipient_id', '=', personId)
          .where('copy.status', '=', sql.lit('pending' as const))
          .where((of) => isVisible(of as unknown as Parameters<typeof isVisible>[0]))
          .where((of) =>
            of.not(
              of.exists(
                of
                  .selectFrom('mq_device_entries as entry')
                  .select('entry.position')
                  .where('entry.person_id', '=', personId)
                  .whereRef('entry.message_id', '=', 'copy.message_id')
                  .where('entry.kind', '=', FeedKind.MESSAGE),
              ),
            ),
          )
          .orderBy('copy.created_at')
          .orderBy('copy.message_id')
          .limit(ENTRIES_AT_ONCE),
      )
      .returning('position')
      .execute();
    end += added.length;
    if (added.length < ENTRIES_AT_ONCE) return end;
  }
}

/** Before the oldest entry whose message is pending; else at the end. */
async function startOf(tx: Transaction<SqlSchema>, personId: string, end: number): Promise<number> {
  const [oldest] = await tx
    .selectFrom('mq_device_entries as entry')
    .innerJoin('mq_message_recipients as pending', (join) =>
      join
        .onRef('pending.message_id', '=', 'entry.stored_id')
        .onRef('pending.recipient_id', '=', 'entry.person_id'),
    )
    .select('entry.position')
    .where('entry.person_id', '=', personId)
    .where('entry.kind', '=', FeedKind.MESSAGE)
    .where('pending.status', '=', 'pending')
    .where((eb) => isShown(eb as unknown as Parameters<typeof isShown>[0]))
    .orderBy('entry.position')
    .limit(1)
    .execute();
  return oldest === undefined ? end : oldest.position - 1;
}
