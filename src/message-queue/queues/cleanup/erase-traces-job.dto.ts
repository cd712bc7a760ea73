import { Readable } from '../../privacy/sealed-fields.decorators.js';
import { DateField, IdField } from '../payload-fields.js';

/** Payload of `erase-traces`: what is erased stands with the receipt, not in the job. */
export class EraseTracesJobDto {
  /** `ErasureReceipt.id`. */
  @Readable()
  @IdField()
  receiptId!: string;

  @Readable()
  @DateField()
  createdAt!: Date | string;
}
