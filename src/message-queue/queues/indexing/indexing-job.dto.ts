import { IsIn, ValidateIf } from 'class-validator';
import { DateField, IdField, IdListField, OptionalField, TextField } from '../payload-fields.js';
import { ContentFormat } from './content-format.js';
import { Identifies, KeyScope, Readable } from '../../privacy/sealed-fields.decorators.js';

/** What an indexing job does. */
export const IndexingOperation = { INDEX: 'index', UPDATE: 'update', DELETE: 'delete' } as const;

/** One of {@link IndexingOperation}'s values. */
export type IndexingOperation = (typeof IndexingOperation)[keyof typeof IndexingOperation];

/** Whether a value is an indexing operation. */
export function isIndexingOperation(value: unknown): value is IndexingOperation {
  return Object.values<unknown>(IndexingOperation).includes(value);
}

const unlessDelete = (job: IndexingJobDto): boolean => job.operation !== IndexingOperation.DELETE;

/** Payload of `index-message`. `index` and `update` carry the whole message; `delete` needs its id only. */
export class IndexingJobDto {
  @Identifies('message')
  @IdField()
  messageId!: string;

  @Readable()
  @IsIn(Object.values(IndexingOperation))
  operation!: IndexingOperation;

  /** At most 100 000 characters. Required unless the operation is `delete`. */
  @ValidateIf(unlessDelete)
  @TextField(100_000)
  content?: string;

  /** What the content is written in. Default `plain`: nothing in it is markup. Of `html` the text is indexed, without tags, scripts and styles. */
  @Readable()
  @OptionalField()
  @IsIn(Object.values(ContentFormat))
  format?: ContentFormat;

  /** Required unless the operation is `delete`. */
  @Identifies('subject')
  @ValidateIf(unlessDelete)
  @IdField()
  senderId?: string;

  /** Required unless the operation is `delete`. */
  @KeyScope('conversation')
  @ValidateIf(unlessDelete)
  @IdField()
  conversationId?: string;

  /**
   * Who the message was sent to, 1 to 1 000 people: a search for one of them (`readerId`) finds it also where they are no members of the
   * conversation. The SQL index looks at its messages' recipients besides.
   */
  @OptionalField()
  @IdListField(1, 1_000)
  recipientIds?: string[];

  /** When the message was last changed; orders updates, which come after the original whatever the times. Default: `createdAt`. */
  @Readable()
  @OptionalField()
  @DateField()
  updatedAt?: Date | string;

  /** When the message was written. */
  @Readable()
  @DateField()
  createdAt!: Date | string;
}
