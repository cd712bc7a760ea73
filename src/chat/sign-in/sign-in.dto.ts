import { IsString, Length, MaxLength } from 'class-validator';
import { MAX_PASSWORD_LENGTH } from './people/password-hash.js';

/** Body of `POST /api/session`. */
export class SignInDto {
  @IsString()
  @Length(1, 64)
  name!: string;

  @IsString()
  @MaxLength(MAX_PASSWORD_LENGTH)
  password!: string;
}
