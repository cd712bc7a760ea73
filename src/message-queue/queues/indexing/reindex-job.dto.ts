import { Readable } from '../../privacy/sealed-fields.decorators.js';
import { DateField, IntField, OptionalField } from '../payload-fields.js';

/** Payload of `reindex-messages`: folds again what an older version of this library folded. */
export class ReindexJobDto {
  /** Messages per step, 1 to 1 000. Default 200: on SQLite some tens of milliseconds in which nothing else is written. */
  @Readable()
  @OptionalField()
  @IntField(1, 1_000)
  pageSize?: number;

  @Readable()
  @DateField()
  createdAt!: Date | string;
}
