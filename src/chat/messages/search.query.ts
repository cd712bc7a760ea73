import { IsOptional, IsString, MaxLength } from 'class-validator';
import { Id } from '../input/fields.js';

/** Query of `GET /api/search`. */
export class SearchQuery {
  /** Words as a user typed them, at most 500 characters. */
  @IsString()
  @MaxLength(500)
  q!: string;

  /** Where to search. Default: in all conversations of whoever asks. */
  @IsOptional()
  @Id()
  conversationId?: string;

  /** `nextCursor` of the previous page. */
  @IsOptional()
  @IsString()
  cursor?: string;
}
