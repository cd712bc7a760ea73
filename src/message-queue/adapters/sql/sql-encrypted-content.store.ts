import { EncryptedContentStore } from '../../ports/encryption/encrypted-content-store.js';
import type { DecryptedContent, EncryptedContent } from '../../ports/encryption/encrypted-content-store.js';
import type { SqlDatabase } from './sql-database.js';
import { toText } from './sql-values.js';

/** Results of encryption jobs in SQL. */
export class SqlEncryptedContentStore extends EncryptedContentStore {
  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async saveEncrypted(content: EncryptedContent, signal: AbortSignal): Promise<'saved' | 'stale'> {
    const { messageId, envelope, keyId, algorithm, version } = content;
    const written = await this.database.run('save an envelope', signal, (db) =>
      db
        .insertInto('mq_encrypted_contents')
        .values({ message_id: messageId, envelope, key_id: keyId, algorithm, version })
        .onConflict((conflict) =>
          conflict
            .column('message_id')
            .doUpdateSet((eb) => ({
              envelope: eb.ref('excluded.envelope'),
              key_id: eb.ref('excluded.key_id'),
              algorithm: eb.ref('excluded.algorithm'),
              version: eb.ref('excluded.version'),
            }))
            .whereRef('mq_encrypted_contents.version', '<=', 'excluded.version'),
        )
        .returning('message_id')
        .execute(),
    );
    return written.length > 0 ? 'saved' : 'stale';
  }

  async saveDecrypted(content: DecryptedContent, signal: AbortSignal): Promise<'saved' | 'stale'> {
    const written = await this.database.run('save a decrypted message', signal, (db) =>
      db
        .insertInto('mq_decrypted_contents')
        .values({ message_id: content.messageId, content: toText(content.content), version: content.version })
        .onConflict((conflict) =>
          conflict
            .column('message_id')
            .doUpdateSet((eb) => ({
              content: eb.ref('excluded.content'),
              version: eb.ref('excluded.version'),
            }))
            .whereRef('mq_decrypted_contents.version', '<=', 'excluded.version'),
        )
        .returning('message_id')
        .execute(),
    );
    return written.length > 0 ? 'saved' : 'stale';
  }

  async replaceEncrypted(
    previousEnvelope: string,
    content: EncryptedContent,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { messageId, envelope, keyId, algorithm, version } = content;
    const replaced = await this.database.run('replace an envelope', signal, (db) =>
      db
        .updateTable('mq_encrypted_contents')
        .set({ envelope, key_id: keyId, algorithm, version })
        .where('message_id', '=', messageId)
        .where('envelope', '=', previousEnvelope)
        .returning('message_id')
        .execute(),
    );
    return replaced.length > 0;
  }

  async findEncrypted(messageId: string, signal?: AbortSignal): Promise<EncryptedContent | null> {
    const [row] = await this.database.run('find an envelope', signal, (db) =>
      db.selectFrom('mq_encrypted_contents').selectAll().where('message_id', '=', messageId).execute(),
    );
    if (row === undefined) return null;
    const { envelope, key_id: keyId, algorithm, version } = row;
    return { messageId, envelope, keyId, algorithm, version };
  }

  async findDecrypted(messageId: string, signal?: AbortSignal): Promise<DecryptedContent | null> {
    const [row] = await this.database.run('find a decrypted message', signal, (db) =>
      db.selectFrom('mq_decrypted_contents').selectAll().where('message_id', '=', messageId).execute(),
    );
    return row === undefined ? null : { messageId, content: row.content, version: row.version };
  }

  async removeMany(messageIds: readonly string[], signal: AbortSignal): Promise<void> {
    if (messageIds.length === 0) return;
    await this.database.transaction('remove encrypted contents', signal, async (tx) => {
      await tx.deleteFrom('mq_encrypted_contents').where('message_id', 'in', messageIds).execute();
      await tx.deleteFrom('mq_decrypted_contents').where('message_id', 'in', messageIds).execute();
    });
  }
}
