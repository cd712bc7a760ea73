import { FlatRecordField, IntField, OptionalField, TextField } from '../payload-fields.js';

/** What a push carries besides its text. */
export class PushPayloadDto {
  /** 0 to 99 999. */
  @OptionalField()
  @IntField(0, 99_999)
  badge?: number;

  @OptionalField()
  @TextField(128)
  sound?: string;

  /** URL or name. */
  @OptionalField()
  @TextField(2_048)
  icon?: string;

  @OptionalField()
  @TextField(2_048)
  image?: string;

  /** A newer push with the same tag replaces the older one on the device. */
  @OptionalField()
  @TextField(64)
  tag?: string;

  /** What opens on tap: a URL or an action's name. */
  @OptionalField()
  @TextField(2_048)
  clickAction?: string;

  /** For the app: at most 20 entries. */
  @OptionalField()
  @FlatRecordField({ maxEntries: 20, maxValueLength: 1_000 })
  data?: Record<string, string | number | boolean>;
}
