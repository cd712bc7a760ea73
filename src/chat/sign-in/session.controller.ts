import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  HttpException,
  Post,
  Req,
  Res,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { isFromThisMachine } from '../../message-queue/operations/index.js';
import { STRICT } from '../input/strict.pipe.js';
import { toName } from './people/chat-users.js';
import { PasswordChecks } from './people/password-checks.js';
import { People } from './people/people.js';
import type { Person } from './people/people.js';
import { PrincipalReader } from './principal-reader.js';
import { SignInDto } from './sign-in.dto.js';
import { SignInThrottle } from './sign-in-throttle.js';
import { Public } from './signed-in.guard.js';
import { Sessions } from './sessions.js';

/** Who is signed in in a browser. */
export interface SessionAnswer {
  /** One; several where people are made up and the browser plays them all. */
  readonly people: readonly Person[];
  readonly isMadeUp: boolean;
}

/** Signing in and out. */
@Public()
@Controller('api/session')
export class SessionController {
  constructor(
    private readonly people: People,
    private readonly sessions: Sessions,
    private readonly reader: PrincipalReader,
    private readonly checks: PasswordChecks,
    private readonly throttle: SignInThrottle,
  ) {}

  /** Who is signed in; 401 when nobody is. Where people are made up, a browser of this machine is signed in as all of them. */
  @Get()
  session(@Req() request: Request, @Res({ passthrough: true }) response: Response): SessionAnswer {
    const isMadeUp = this.people.way === 'made-up';
    if (!isMadeUp || !isFromThisMachine(request)) {
      return { people: this.reader.session(request).people, isMadeUp };
    }
    return this.open(this.people.played, request, response);
  }

  /** Signs in with a password. 401 says neither whether there is such a name, nor takes longer if there is. */
  @Post()
  async signIn(
    @Body(STRICT) { name: given, password }: SignInDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SessionAnswer> {
    const name = toName(given);
    const address = request.socket.remoteAddress ?? '';
    // Before it counts as an attempt: what is not checked must neither lock a name nor be remembered.
    if (this.checks.isFull) throw tooBusy(response);
    const waitSeconds = this.throttle.begin(name, address);
    if (waitSeconds > 0) throw tooManySignIns(waitSeconds, response);
    const isRight = await this.checks.isPassword(password, this.people.hashOf(name));
    const person = this.people.find(name);
    if (!isRight || person === undefined) throw new UnauthorizedException('Name or password is wrong.');
    this.throttle.succeeded(name, address);
    return this.open([person], request, response);
  }

  /** Signs this browser out. */
  @Delete()
  @HttpCode(204)
  signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): void {
    response.setHeader('Set-Cookie', this.sessions.close(request.headers.host ?? ''));
  }

  private open(people: readonly Person[], request: Request, response: Response): SessionAnswer {
    response.setHeader('Set-Cookie', this.sessions.open(people, request.headers.host ?? ''));
    return { people, isMadeUp: this.people.way === 'made-up' };
  }
}

function tooBusy(response: Response): HttpException {
  response.setHeader('Retry-After', '1');
  return new ServiceUnavailableException('Too many people sign in at once: try again in a moment.');
}

function tooManySignIns(seconds: number, response: Response): HttpException {
  response.setHeader('Retry-After', String(seconds));
  return new HttpException(
    {
      statusCode: 429,
      message: `Too many wrong sign-ins. Try again in ${seconds} seconds.`,
      retryAfterSeconds: seconds,
    },
    429,
  );
}
