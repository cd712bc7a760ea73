import { RecipientContacts } from '../../../ports/notifications/recipient-contacts.js';
import type { RecipientContact } from '../../../ports/notifications/recipient-contacts.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { countTraces, eraseTraces, traceTable } from '../traces/sql-traces.js';

const CONTACTS = [
  traceTable({ name: 'mq_recipient_contacts', key: ['recipient_id'], subject: 'recipient_id' }),
];

/** An address book in SQL, for hosts that have none of their own. */
export class SqlRecipientContacts extends RecipientContacts {
  readonly holds = 'contacts';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async find(recipientId: string, signal?: AbortSignal): Promise<RecipientContact | null> {
    const [row] = await this.database.run('find a contact', signal, (db) =>
      db.selectFrom('mq_recipient_contacts').selectAll().where('recipient_id', '=', recipientId).execute(),
    );
    return row === undefined ? null : { recipientId, email: row.email, phone: row.phone };
  }

  /** Adds or replaces a recipient's addresses. */
  async save(contact: RecipientContact, signal?: AbortSignal): Promise<void> {
    const { recipientId: recipient_id, email, phone } = contact;
    await this.database.run('save a contact', signal, (db) =>
      db
        .insertInto('mq_recipient_contacts')
        .values({ recipient_id, email, phone })
        .onConflict((conflict) => conflict.column('recipient_id').doUpdateSet({ email, phone }))
        .execute(),
    );
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, CONTACTS, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, CONTACTS, target, limit, signal);
  }
}
