import type { Transaction } from 'kysely';
import { FeedKind } from '../../../ports/messages/device-feed.js';
import type { DeviceId, DevicePosition } from '../../../ports/messages/device-feed.js';
import type { SqlDatabase } from '../database/sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { isShown, lockFeed } from './sql-device-entries.js';

/** Entries that one word of a device is taken for, the newest. More than a page: what a device claims beyond is only its own loss. */
const MOST_RECEIPTS = 1_000;

/** Where a device stands, and which messages it has just said it has. */
export interface DeviceAdvance {
  readonly position: number;
  readonly reached: readonly string[];
}

/** Several devices of one person say where they stand. @returns pending messages to the person among it */
export async function advanceDevices(
  database: SqlDatabase,
  positions: readonly DevicePosition[],
  at: Date,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [first] = positions;
  if (first === undefined) return [];
  return database.transaction('note what devices have', signal, async (tx) => {
    const last = await lockFeed(database, tx, first.personId);
    if (last === null) return [];
    const reached = new Set<string>();
    for (const device of positions.filter(({ personId }) => personId === first.personId)) {
      const advance = await advanceDevice(tx, device, device.position, last, at);
      for (const messageId of advance?.reached ?? []) reached.add(messageId);
    }
    return [...reached].slice(0, MOST_RECEIPTS);
  });
}

/** Moves a device forward, in a feed that is locked. @returns null: it is not known */
export async function advanceDevice(
  tx: Transaction<SqlSchema>,
  { personId, deviceId }: DeviceId,
  claimed: number | null,
  last: number,
  at: Date,
): Promise<DeviceAdvance | null> {
  const [known] = await tx
    .selectFrom('mq_devices')
    .select('position')
    .where('person_id', '=', personId)
    .where('device_id', '=', deviceId)
    .execute();
  if (known === undefined) return null;
  const isForward = claimed !== null && claimed > known.position && claimed <= last;
  const position = isForward ? claimed : known.position;
  await tx
    .updateTable('mq_devices')
    .set((eb) => ({
      position,
      seen_at: eb
        .case()
        .when('seen_at', '>', at.getTime())
        .then(eb.ref('seen_at'))
        .else(eb.val(at.getTime()))
        .end(),
    }))
    .where('person_id', '=', personId)
    .where('device_id', '=', deviceId)
    .execute();
  if (!isForward) return { position, reached: [] };
  return { position, reached: await addReceipts(tx, { personId, deviceId }, known.position, position, at) };
}

async function addReceipts(
  tx: Transaction<SqlSchema>,
  { personId, deviceId }: DeviceId,
  after: number,
  upTo: number,
  at: Date,
): Promise<string[]> {
  const rows = await tx
    .selectFrom('mq_device_entries as entry')
    .leftJoin('mq_message_recipients as copy', (join) =>
      join
        .onRef('copy.message_id', '=', 'entry.stored_id')
        .onRef('copy.recipient_id', '=', 'entry.person_id'),
    )
    .select(['entry.message_id', 'entry.kind', 'copy.status'])
    .where('entry.person_id', '=', personId)
    .where('entry.position', '>', after)
    .where('entry.position', '<=', upTo)
    .where('entry.kind', 'in', [FeedKind.MESSAGE, FeedKind.OWN])
    .where((eb) => isShown(eb as unknown as Parameters<typeof isShown>[0]))
    .orderBy('entry.position', 'desc')
    .limit(MOST_RECEIPTS)
    .execute();
  const ids = [...new Set(rows.map((row) => row.message_id))].sort();
  if (ids.length > 0) {
    await tx
      .insertInto('mq_device_receipts')
      .values(
        ids.map((message_id) => ({
          ...{ message_id, person_id: personId, device_id: deviceId },
          ...{ delivered_at: at.getTime(), read_at: null },
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['message_id', 'person_id', 'device_id']).doUpdateSet((eb) => ({
          delivered_at: eb.fn.coalesce('mq_device_receipts.delivered_at', 'excluded.delivered_at'),
        })),
      )
      .execute();
  }
  return rows
    .filter(({ kind, status }) => kind === FeedKind.MESSAGE && status === 'pending')
    .map((row) => row.message_id)
    .reverse();
}
