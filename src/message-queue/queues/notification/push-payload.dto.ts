import { IsOptional } from 'class-validator';
import { FlatRecordField, IntField, TextField } from '../payload-fields.js';

/** What a push carries beside its text. */
export class PushPayloadDto {
  /** 0 to 99 999. */
  @IsOptional()
  @IntField(0, 99_999)
  badge?: number;

  @IsOptional()
  @TextField(128)
  sound?: string;

  /** URL or name. */
  @IsOptional()
  @TextField(2_048)
  icon?: string;

  @IsOptional()
  @TextField(2_048)
  image?: string;

  /** A newer push with the same tag replaces the older one on the device. */
  @IsOptional()
  @TextField(64)
  tag?: string;

  /** What opens on tap: a URL or an action's name. */
  @IsOptional()
  @TextField(2_048)
  clickAction?: string;

  /** For the app: at most 20 entries. */
  @IsOptional()
  @FlatRecordField({ maxEntries: 20, maxValueLength: 1_000 })
  data?: Record<string, string | number | boolean>;
}
