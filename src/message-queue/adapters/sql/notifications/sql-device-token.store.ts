import { DeviceTokenStore } from '../../../ports/notifications/device-token-store.js';
import type { DeviceToken } from '../../../ports/notifications/device-token-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { countTraces, eraseTraces, traceTable } from '../traces/sql-traces.js';

const MAX_DEVICES = 50;

const DEVICES = [traceTable({ name: 'mq_device_tokens', key: ['device_id'], subject: 'recipient_id' })];

/** Devices by recipient in SQL. */
export class SqlDeviceTokenStore extends DeviceTokenStore {
  readonly holds = 'device tokens';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async register(device: DeviceToken, signal?: AbortSignal): Promise<void> {
    const { deviceId: device_id, recipientId: recipient_id, platform, token } = device;
    await this.database.run('register a device', signal, (db) =>
      db
        .insertInto('mq_device_tokens')
        .values({ device_id, recipient_id, platform, token })
        .onConflict((conflict) => conflict.column('device_id').doUpdateSet({ recipient_id, platform, token }))
        .execute(),
    );
  }

  async list(recipientId: string, signal: AbortSignal): Promise<readonly DeviceToken[]> {
    const rows = await this.database.run('list devices', signal, (db) =>
      db
        .selectFrom('mq_device_tokens')
        .selectAll()
        .where('recipient_id', '=', recipientId)
        .orderBy('device_id')
        .limit(MAX_DEVICES)
        .execute(),
    );
    return rows.map(({ device_id: deviceId, platform, token }) => ({
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
}
