import { IsIn } from 'class-validator';
import { DateField, IdField, OptionalField, TextField } from '../payload-fields.js';
import { Identifies, Readable } from '../../privacy/sealed-fields.decorators.js';

/** What a recipient's side can confirm. */
export const ConfirmationStatus = {
  SENT: 'sent',
  DELIVERED: 'delivered',
  READ: 'read',
  FAILED: 'failed',
} as const;

/** One of {@link ConfirmationStatus}'s values. */
export type ConfirmationStatus = (typeof ConfirmationStatus)[keyof typeof ConfirmationStatus];

/** Whether a value is a confirmation status. */
export function isConfirmationStatus(value: unknown): value is ConfirmationStatus {
  return Object.values<unknown>(ConfirmationStatus).includes(value);
}

/** Payload of `delivery-confirmation`: how far one recipient's copy of a message has come. */
export class DeliveryConfirmationJobDto {
  @Identifies('message')
  @IdField()
  messageId!: string;

  @Identifies('subject')
  @IdField()
  recipientId!: string;

  @Readable()
  @IsIn(Object.values(ConfirmationStatus))
  status!: ConfirmationStatus;

  /** When it happened. Default: `createdAt`. */
  @Readable()
  @OptionalField()
  @DateField()
  occurredAt?: Date | string;

  /** For `failed`: why. At most 500 characters, never message content. */
  @OptionalField()
  @TextField(500)
  failureReason?: string;

  @Readable()
  @DateField()
  createdAt!: Date | string;
}
