import type { RawBuilder, SqlBool } from 'kysely';
import { EncryptedContentStore } from '../../../ports/encryption/encrypted-content-store.js';
import type {
  DecryptedContent,
  EncryptedContent,
} from '../../../ports/encryption/encrypted-content-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { countTraces, eraseTraces, isAmong, isKept, messagesOf } from '../traces/sql-traces.js';
import { isGone, isOfDeletion } from '../traces/sql-deletions.js';
import type { TraceTable } from '../traces/sql-traces.js';
import { toDate, toText } from '../database/sql-values.js';

type ContentsName = 'mq_encrypted_contents' | 'mq_decrypted_contents';

const CONTENTS = [contents('mq_encrypted_contents'), contents('mq_decrypted_contents')];

function contents(name: ContentsName): TraceTable {
  return {
    name,
    key: ['message_id'],
    isUnderHold: true,
    which(database, target) {
      const { sql } = database;
      if (target.kind === 'messages') return isAmong(database, sql.ref('message_id'), target.messageIds);
      const isOfMessages = sql<SqlBool>`message_id IN (${messagesOf(database, target)})`;
      if (target.kind === 'subject') return isOfMessages;
      if (target.kind === 'deletions') {
        const conversation = sql.ref<string | null>(`${name}.conversation_id`);
        const isIn = isOfDeletion(database, conversation, writtenAt(database, name), target.deletions);
        return sql<SqlBool>`(${isOfMessages} OR ${isIn} AND NOT ${isKept(database, conversation, target)})`;
      }
      const kept = isKept(database, sql.ref<string | null>('conversation_id'), target);
      return sql<SqlBool>`(${isOfMessages} OR conversation_id = ${target.conversationId} AND NOT ${kept})`;
    },
  };
}

/** Results of encryption jobs in SQL. */
export class SqlEncryptedContentStore extends EncryptedContentStore {
  readonly holds = 'encrypted contents';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async saveEncrypted(content: EncryptedContent, signal: AbortSignal): Promise<'saved' | 'stale'> {
    const { messageId, conversationId, envelope, keyId, algorithm, version } = content;
    const written_at = content.writtenAt.getTime();
    const written = await this.database.run('save an envelope', signal, (db) =>
      db
        .insertInto('mq_encrypted_contents')
        .values({
          ...{ message_id: messageId, conversation_id: conversationId ?? null, envelope },
          ...{ key_id: keyId, algorithm, version, written_at },
        })
        .onConflict((conflict) =>
          conflict
            .column('message_id')
            .doUpdateSet((eb) => ({
              conversation_id: eb.ref('excluded.conversation_id'),
              envelope: eb.ref('excluded.envelope'),
              key_id: eb.ref('excluded.key_id'),
              algorithm: eb.ref('excluded.algorithm'),
              version: eb.ref('excluded.version'),
              written_at: eb.ref('excluded.written_at'),
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
        .values({
          ...{ message_id: content.messageId, conversation_id: content.conversationId ?? null },
          ...{ content: toText(content.content), version: content.version },
          written_at: content.writtenAt.getTime(),
        })
        .onConflict((conflict) =>
          conflict
            .column('message_id')
            .doUpdateSet((eb) => ({
              conversation_id: eb.ref('excluded.conversation_id'),
              content: eb.ref('excluded.content'),
              version: eb.ref('excluded.version'),
              written_at: eb.ref('excluded.written_at'),
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
    const { messageId, conversationId, envelope, keyId, algorithm, version } = content;
    const replaced = await this.database.run('replace an envelope', signal, (db) =>
      db
        .updateTable('mq_encrypted_contents')
        .set({
          ...{ conversation_id: conversationId ?? null, envelope, key_id: keyId, algorithm, version },
          written_at: content.writtenAt.getTime(),
        })
        .where('message_id', '=', messageId)
        .where('envelope', '=', previousEnvelope)
        .returning('message_id')
        .execute(),
    );
    return replaced.length > 0;
  }

  async findEncrypted(messageId: string, signal?: AbortSignal): Promise<EncryptedContent | null> {
    const [row] = await this.database.run('find an envelope', signal, (db) =>
      db
        .selectFrom('mq_encrypted_contents')
        .selectAll()
        .where('message_id', '=', messageId)
        .where(this.isSeen('mq_encrypted_contents'))
        .execute(),
    );
    if (row === undefined) return null;
    const { envelope, key_id: keyId, algorithm, version } = row;
    return {
      messageId,
      ...conversationOf(row),
      envelope,
      keyId,
      algorithm,
      version,
      writtenAt: writtenIn(row),
    };
  }

  async findDecrypted(messageId: string, signal?: AbortSignal): Promise<DecryptedContent | null> {
    const [row] = await this.database.run('find a decrypted message', signal, (db) =>
      db
        .selectFrom('mq_decrypted_contents')
        .selectAll()
        .where('message_id', '=', messageId)
        .where(this.isSeen('mq_decrypted_contents'))
        .execute(),
    );
    if (row === undefined) return null;
    const { content, version } = row;
    return { messageId, ...conversationOf(row), content, version, writtenAt: writtenIn(row) };
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, CONTENTS, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, CONTENTS, target, limit, signal);
  }

  private isSeen(table: ContentsName): RawBuilder<SqlBool> {
    const { sql } = this.database;
    const gone = isGone(this.database, {
      message: sql.ref(`${table}.message_id`),
      conversation: sql.ref(`${table}.conversation_id`),
      writtenAt: writtenAt(this.database, table),
    });
    return sql<SqlBool>`NOT ${gone}`;
  }
}

/** Of a row that an older release wrote, the version says it. */
function writtenAt({ sql }: SqlDatabase, table: ContentsName): RawBuilder<number> {
  return sql<number>`COALESCE(${sql.ref(`${table}.written_at`)}, ${sql.ref(`${table}.version`)})`;
}

function writtenIn(row: { readonly written_at: number | null; readonly version: number }): Date {
  return toDate(row.written_at ?? row.version);
}

function conversationOf(row: { readonly conversation_id: string | null }): { conversationId?: string } {
  return row.conversation_id === null ? {} : { conversationId: row.conversation_id };
}
