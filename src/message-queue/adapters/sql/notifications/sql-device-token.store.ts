import { checkDevice } from '../../../ports/notifications/device-check.js';
import {
  DeviceTokenStore,
  MAX_DEVICES_PER_RECIPIENT,
} from '../../../ports/notifications/device-token-store.js';
import type { DeviceToken } from '../../../ports/notifications/device-token-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { Selectable, Transaction } from 'kysely';
import type { SqlDatabase } from '../database/sql-database.js';
import { lockNames } from '../database/sql-name.locks.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { countTraces, eraseTraces, traceTable } from '../traces/sql-traces.js';

/** "mqdt" in ASCII. */
const LOCKS = 0x6d71_6474;

const DEVICES = [traceTable({ name: 'mq_device_tokens', key: ['device_id'], subject: 'recipient_id' })];

type DeviceRow = Selectable<SqlSchema['mq_device_tokens']>;

/** Devices by recipient in SQL. */
export class SqlDeviceTokenStore extends DeviceTokenStore {
  readonly holds = 'device tokens';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async register(device: DeviceToken, signal?: AbortSignal): Promise<void> {
    const { deviceId: device_id, recipientId: recipient_id, platform, token } = device;
    const token_key = checkDevice(device);
    await this.database.transaction('register a device', signal, async (tx) => {
      const names = [`device ${device_id}`, `recipient ${recipient_id}`, `${platform} ${token_key}`];
      await lockNames(this.database, tx, LOCKS, names);
      await this.removeOthers(tx, { device_id, platform, token_key });
      const registered_at = await this.nextTime(tx, recipient_id);
      const row = { recipient_id, platform, token, token_key, registered_at };
      await tx
        .insertInto('mq_device_tokens')
        .values({ device_id, ...row })
        .onConflict((conflict) => conflict.column('device_id').doUpdateSet(row))
        .execute();
      await this.removeSurplus(tx, recipient_id);
    });
  }

  async list(recipientId: string, signal: AbortSignal): Promise<readonly DeviceToken[]> {
    const rows = await this.database.run('list devices', signal, (db) =>
      db
        .selectFrom('mq_device_tokens')
        .selectAll()
        .where('recipient_id', '=', recipientId)
        .orderBy('registered_at', 'desc')
        .orderBy('device_id', 'desc')
        .limit(MAX_DEVICES_PER_RECIPIENT)
        .execute(),
    );
    return rows.reverse().map(({ device_id: deviceId, platform, token }) => ({
      deviceId,
      recipientId,
      platform,
      token,
    }));
  }

  async removeIfUnchanged(deviceId: string, token: string, signal: AbortSignal): Promise<boolean> {
    const removed = await this.database.run('remove a device', signal, (db) =>
      db
        .deleteFrom('mq_device_tokens')
        .where('device_id', '=', deviceId)
        .where('token', '=', token)
        .returning('device_id')
        .execute(),
    );
    return removed.length > 0;
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, DEVICES, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, DEVICES, target, limit, signal);
  }

  /** Whoever had the token before; locked in one order with the device itself, since those two may be swapping their tokens just now. */
  private async removeOthers(
    tx: Transaction<SqlSchema>,
    { device_id, platform, token_key }: Pick<DeviceRow, 'device_id' | 'platform' | 'token_key'>,
  ): Promise<void> {
    const touched = tx
      .selectFrom('mq_device_tokens')
      .select('device_id')
      .where((eb) =>
        eb.or([
          eb('device_id', '=', device_id),
          eb.and([eb('platform', '=', platform), eb('token_key', '=', token_key)]),
        ]),
      )
      .orderBy('device_id');
    const rows = await (this.database.dialect === 'postgres' ? touched.forUpdate() : touched).execute();
    const others = rows.map((row) => row.device_id).filter((id) => id !== device_id);
    if (others.length > 0) {
      await tx.deleteFrom('mq_device_tokens').where('device_id', 'in', others).execute();
    }
  }

  /** Later than all of the recipient's, whatever the clocks of those who wrote them. */
  private async nextTime(tx: Transaction<SqlSchema>, recipientId: string): Promise<number> {
    const [row] = await tx
      .selectFrom('mq_device_tokens')
      .select(({ fn }) => fn.max('registered_at').as('latest'))
      .where('recipient_id', '=', recipientId)
      .execute();
    return Math.max(Date.now(), (row?.latest ?? 0) + 1);
  }

  private async removeSurplus(tx: Transaction<SqlSchema>, recipientId: string): Promise<void> {
    const surplus = tx
      .selectFrom('mq_device_tokens')
      .select('device_id')
      .where('recipient_id', '=', recipientId)
      .orderBy('registered_at', 'desc')
      .orderBy('device_id', 'desc')
      .limit(1_000)
      .offset(MAX_DEVICES_PER_RECIPIENT);
    // One that registers for somebody else just now is not waited for.
    const free = this.database.dialect === 'postgres' ? surplus.forUpdate().skipLocked() : surplus;
    await tx.deleteFrom('mq_device_tokens').where('device_id', 'in', free).execute();
  }
}
