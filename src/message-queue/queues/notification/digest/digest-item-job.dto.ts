import { Readable } from '../../../privacy/sealed-fields.decorators.js';
import { IdField } from '../../payload-fields.js';
import { NotificationJobDto } from '../notification-job.dto.js';

/** Payload of `send-digest`: a notification that waits for others. `send-notification` adds it when it has a `digestKey`. */
export class DigestItemJobDto extends NotificationJobDto {
  /** The job id of the notification that it was added as: its name in the ledger. */
  @Readable()
  @IdField()
  notificationId!: string;

  @Readable()
  @IdField()
  override digestKey!: string;
}
