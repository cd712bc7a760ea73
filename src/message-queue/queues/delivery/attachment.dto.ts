import { IsMimeType, IsUrl, MaxLength } from 'class-validator';
import { IdField, IntField, OptionalField, TextField } from '../payload-fields.js';

/** An attachment a message mentions. */
export class AttachmentDto {
  @IdField()
  id!: string;

  /** At most 255 characters. */
  @TextField(255)
  fileName!: string;

  /** MIME type, for example `image/png`. */
  @IsMimeType()
  @MaxLength(127)
  contentType!: string;

  /** 0 to 5 GiB. */
  @IntField(0, 5 * 1024 ** 3)
  sizeBytes!: number;

  /** http or https. */
  @OptionalField()
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false })
  @MaxLength(2_048)
  url?: string;
}
