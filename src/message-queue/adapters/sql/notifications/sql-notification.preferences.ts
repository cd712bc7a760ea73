import { NotificationPreferences } from '../../../ports/notifications/notification-preferences.js';
import type {
  QuietHours,
  RecipientPreferences,
} from '../../../ports/notifications/notification-preferences.js';
import type { NotificationType } from '../../../ports/notifications/notification-type.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { countTraces, eraseTraces, traceTable } from '../traces/sql-traces.js';

const PREFERENCES = [
  traceTable({ name: 'mq_notification_preferences', key: ['recipient_id'], subject: 'recipient_id' }),
];

/** Opt-outs and quiet hours in SQL. */
export class SqlNotificationPreferences extends NotificationPreferences {
  readonly holds = 'notification preferences';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async find(recipientId: string, signal?: AbortSignal): Promise<RecipientPreferences | null> {
    const [row] = await this.database.run('find preferences', signal, (db) =>
      db
        .selectFrom('mq_notification_preferences')
        .selectAll()
        .where('recipient_id', '=', recipientId)
        .execute(),
    );
    if (row === undefined) return null;
    return {
      recipientId,
      optedOut: JSON.parse(row.opted_out) as NotificationType[],
      quietHours: row.quiet_hours === null ? null : (JSON.parse(row.quiet_hours) as QuietHours),
    };
  }

  async save(preferences: RecipientPreferences, signal?: AbortSignal): Promise<void> {
    const opted_out = JSON.stringify(preferences.optedOut);
    const quiet_hours = preferences.quietHours === null ? null : JSON.stringify(preferences.quietHours);
    await this.database.run('save preferences', signal, (db) =>
      db
        .insertInto('mq_notification_preferences')
        .values({ recipient_id: preferences.recipientId, opted_out, quiet_hours })
        .onConflict((conflict) => conflict.column('recipient_id').doUpdateSet({ opted_out, quiet_hours }))
        .execute(),
    );
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, PREFERENCES, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, PREFERENCES, target, limit, signal);
  }
}
