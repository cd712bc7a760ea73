import { Type } from 'class-transformer';
import {
  IsEmail,
  IsIn,
  Matches,
  MaxLength,
  IsObject,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { ID_RULE, isId } from '../../../kernel/values/id.js';
import { NotificationType } from '../../ports/notifications/notification-type.js';
import {
  DateField,
  FlatRecordField,
  IdField,
  IntField,
  OptionalField,
  TextField,
} from '../payload-fields.js';
import { NotificationPriority } from './notification-priority.js';
import { PushPayloadDto } from './push-payload.dto.js';
import { Identifies, KeyScope, Readable } from '../../privacy/sealed-fields.decorators.js';

/** The name of a template, of a notification that is collected. */
function DigestTemplateField(): PropertyDecorator {
  return ValidateBy({
    name: 'isDigestTemplate',
    validator: {
      validate: (value: unknown, args) =>
        isId(value) && (args?.object as NotificationJobDto | undefined)?.digestKey !== undefined,
      defaultMessage: () => `$property must be an id ${ID_RULE}, and needs a digestKey`,
    },
  });
}

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

/** Payload of `send-notification`: one notification for one recipient over one channel. */
export class NotificationJobDto {
  @Identifies('subject')
  @IdField()
  recipientId!: string;

  @Readable()
  @IsIn(Object.values(NotificationType))
  type!: NotificationType;

  /** At most 200 characters. Required unless `template` is given. */
  @ValidateIf((job: NotificationJobDto) => job.template === undefined || job.title !== undefined)
  @TextField(200)
  title?: string;

  /** At most 4 000 characters. Required unless `template` is given. */
  @ValidateIf((job: NotificationJobDto) => job.template === undefined || job.message !== undefined)
  @TextField(4_000)
  message?: string;

  /** Only looked at for PUSH. */
  @OptionalField()
  @IsObject()
  @ValidateNested()
  @Type(() => PushPayloadDto)
  pushPayload?: PushPayloadDto;

  /** The message it is about. */
  @Identifies('message')
  @OptionalField()
  @IdField()
  messageId?: string;

  /** The conversation that its text comes from: with that conversation's key, which can be destroyed, it is sealed. */
  @KeyScope('conversation')
  @OptionalField()
  @IdField()
  conversationId?: string;

  /** Name of a template that makes title and message. */
  @Readable()
  @OptionalField()
  @IdField()
  template?: string;

  /** For the template: at most 50 entries. */
  @OptionalField()
  @FlatRecordField({ maxEntries: 50, maxValueLength: 2_000 })
  variables?: Record<string, string | number | boolean>;

  /**
   * Collects it: whatever comes for the same recipient, channel and key within the window of the queue's `send-digest` jobs goes out as one
   * message that lists them. What its recipient has read by then drops out. An `urgent` notification is not collected.
   */
  @Readable()
  @OptionalField()
  @IdField()
  digestKey?: string;

  /**
   * Name of the template that makes the digest, from `count`, `items` (each with `title`, `text`, `at`), `list` and `more`. Only with
   * `digestKey`. Default: a line per item.
   */
  @Readable()
  @ValidateIf((job: NotificationJobDto) => job.digestTemplate !== undefined)
  @DigestTemplateField()
  digestTemplate?: string;

  /** `urgent` passes quiet hours. Default `normal`. */
  @Readable()
  @OptionalField()
  @IsIn(Object.values(NotificationPriority))
  priority?: NotificationPriority;

  /** Dropped, with a recorded reason, when not sent this long after `createdAt`; 1 second to 7 days. Default: never. */
  @Readable()
  @OptionalField()
  @IntField(1_000, WEEK_MS)
  ttlMs?: number;

  /** EMAIL: send to this address instead of the one RecipientContacts knows. */
  @OptionalField()
  @IsEmail()
  @Matches(/^[^"\p{C}\p{Z}]*$/u, { message: 'emailAddress must have no quotes and no invisible characters' })
  @MaxLength(254)
  emailAddress?: string;

  /** SMS: send to this number (E.164) instead of the one RecipientContacts knows. */
  @OptionalField()
  @Matches(/^\+[1-9]\d{6,14}$/, { message: 'phoneNumber must be in E.164 form, for example +4915112345678' })
  phoneNumber?: string;

  @Readable()
  @DateField()
  createdAt!: Date | string;
}
