import { DeviceFeed, FeedKind } from '../../../ports/messages/device-feed.js';
import type {
  DeviceGreeting,
  DeviceId,
  DevicePosition,
  DeviceReceipt,
  FeedNote,
  FeedPage,
  FeedPlace,
  KnownDevice,
} from '../../../ports/messages/device-feed.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { toDate, toDateOrNull } from '../database/sql-values.js';
import { countTraces, eraseTraces } from '../traces/sql-traces.js';
import { listEntries, noteEntry } from './sql-device-entries.js';
import { greetDevice } from './sql-device-greeting.js';
import { advanceDevices } from './sql-device-positions.js';
import { DEVICE_TRACES } from './sql-device-traces.js';

/** What people's devices have to learn, in SQL. Its messages are those of the SqlMessageStore on the same database. */
export class SqlDeviceFeed extends DeviceFeed {
  readonly holds = 'deliveries by device';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async note(note: FeedNote, signal: AbortSignal): Promise<FeedPlace | null> {
    return noteEntry(this.database, note, signal);
  }

  async greet(
    device: DeviceId,
    position: number | null,
    at: Date,
    signal: AbortSignal,
  ): Promise<DeviceGreeting> {
    return greetDevice(this.database, device, position, at, signal);
  }

  async list(personId: string, after: number, limit: number, signal: AbortSignal): Promise<FeedPage> {
    return listEntries(this.database, personId, after, Math.min(Math.max(limit, 1), 500), signal);
  }

  async acknowledge(
    positions: readonly DevicePosition[],
    at: Date,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return advanceDevices(this.database, positions, at, signal);
  }

  async noteRead(
    { personId, deviceId }: DeviceId,
    messageId: string,
    at: Date,
    signal: AbortSignal,
  ): Promise<void> {
    await this.database.run('note what was read on a device', signal, (db) =>
      db
        .insertInto('mq_device_receipts')
        .columns(['message_id', 'person_id', 'device_id', 'read_at'])
        .expression((eb) =>
          eb
            .selectFrom('mq_device_entries as entry')
            .innerJoin('mq_devices as device', 'device.person_id', 'entry.person_id')
            .select([
              'entry.message_id',
              'entry.person_id',
              'device.device_id',
              eb.cast<number>(eb.val(at.getTime()), 'bigint').as('read_at'),
            ])
            .where('entry.person_id', '=', personId)
            .where('entry.message_id', '=', messageId)
            .where('entry.kind', '=', FeedKind.MESSAGE)
            .where('device.device_id', '=', deviceId),
        )
        .onConflict((conflict) =>
          conflict.columns(['message_id', 'person_id', 'device_id']).doUpdateSet((eb) => ({
            read_at: eb.fn.coalesce('mq_device_receipts.read_at', 'excluded.read_at'),
          })),
        )
        .execute(),
    );
  }

  async listReceipts(
    messageId: string,
    personId: string,
    signal?: AbortSignal,
  ): Promise<readonly DeviceReceipt[]> {
    const rows = await this.database.run('list receipts', signal, (db) =>
      db
        .selectFrom('mq_device_receipts')
        .selectAll()
        .where('message_id', '=', messageId)
        .where('person_id', '=', personId)
        .orderBy('device_id')
        .execute(),
    );
    return rows.map((row) => ({
      deviceId: row.device_id,
      deliveredAt: toDateOrNull(row.delivered_at),
      readAt: toDateOrNull(row.read_at),
    }));
  }

  async listDevices(personId: string, signal?: AbortSignal): Promise<readonly KnownDevice[]> {
    const rows = await this.database.run('list devices', signal, (db) =>
      db
        .selectFrom('mq_devices')
        .selectAll()
        .where('person_id', '=', personId)
        .orderBy('seen_at')
        .orderBy('device_id')
        .execute(),
    );
    return rows.map(({ device_id: deviceId, position, seen_at }) => ({
      ...{ personId, deviceId, position, seenAt: toDate(seen_at) },
    }));
  }

  async forget({ personId, deviceId }: DeviceId, signal: AbortSignal): Promise<boolean> {
    const removed = await this.database.run('forget a device', signal, (db) =>
      db
        .deleteFrom('mq_devices')
        .where('person_id', '=', personId)
        .where('device_id', '=', deviceId)
        .returning('device_id')
        .execute(),
    );
    return removed.length > 0;
  }

  async forgetUnseen(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    const { sql } = this.database;
    const removed = await this.database.run('forget devices', signal, (db) =>
      sql<{ person_id: string }>`
        DELETE FROM mq_devices WHERE (person_id, device_id) IN (
          SELECT person_id, device_id FROM mq_devices WHERE seen_at < ${before.getTime()} ORDER BY seen_at LIMIT ${limit})
          AND seen_at < ${before.getTime()} RETURNING person_id`.execute(db),
    );
    await this.closeFeeds(before, limit, signal);
    return removed.rows.length;
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, DEVICE_TRACES, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, DEVICE_TRACES, target, limit, signal);
  }

  /** Feeds of people without devices go with their entries. One that was opened just now waits for its first device. */
  private async closeFeeds(before: Date, limit: number, signal: AbortSignal): Promise<void> {
    const { sql, dialect } = this.database;
    await this.database.transaction('close feeds', signal, async (tx) => {
      const { rows } = await sql<{ person_id: string }>`
        SELECT feed.person_id FROM mq_device_feeds AS feed WHERE feed.last_position < ${before.getTime()}
          AND NOT EXISTS (SELECT 1 FROM mq_devices AS device WHERE device.person_id = feed.person_id)
          ORDER BY feed.person_id LIMIT ${limit} ${sql.raw(dialect === 'postgres' ? 'FOR UPDATE' : '')}`.execute(
        tx,
      );
      for (const { person_id } of rows) {
        // Asked again under the lock: a device may have come in between.
        const closed = await tx
          .deleteFrom('mq_device_feeds')
          .where('person_id', '=', person_id)
          .where((eb) =>
            eb.not(
              eb.exists(
                eb.selectFrom('mq_devices').select('device_id').where('mq_devices.person_id', '=', person_id),
              ),
            ),
          )
          .returning('person_id')
          .execute();
        if (closed.length > 0)
          await tx.deleteFrom('mq_device_entries').where('person_id', '=', person_id).execute();
      }
    });
  }
}
