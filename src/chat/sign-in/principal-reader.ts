import type { IncomingMessage } from 'node:http';
import { BadRequestException, ForbiddenException, Injectable, UnauthorizedException } from '@nestjs/common';
import { People } from './people/people.js';
import type { Principal } from './principal.js';
import { Sessions } from './sessions.js';
import type { Session } from './sessions.js';

/** The header that says for whom a browser asks that plays several people; sockets say it as `auth.as`. Encoded as in an address. */
export const ACTING_AS = 'chat-as';

/** Why nobody can sign in, and what to set. */
export const NO_USERS =
  'Nobody can sign in: this chat has no users. Give it some with CHAT_USERS (npm run chat-user -- --help), or set NODE_ENV=development to try it out on this machine.';

/** What somebody can do who is not signed in. `CLOSED`: no name and password will help. */
const ADVICE: Readonly<
  Record<People['way'], { readonly code: 'SIGN_IN' | 'CLOSED'; readonly message: string }>
> = {
  password: { code: 'SIGN_IN', message: 'Sign in first: POST /api/session.' },
  'made-up': {
    code: 'CLOSED',
    message:
      'Sign in first: GET /api/session, from this machine itself and not through a proxy. To let others in, set CHAT_USERS (npm run chat-user -- --help).',
  },
  none: { code: 'CLOSED', message: NO_USERS },
};

/** The one place that says who asks: the guard of REST, the handshake of sockets and the board's guard all ask it. */
@Injectable()
export class PrincipalReader {
  constructor(
    private readonly sessions: Sessions,
    private readonly people: People,
  ) {}

  /**
   * Who asks.
   * @param as id, percent-encoded, of the one for whom a browser asks that plays several; may be left out by one that is signed in as one person
   * @throws UnauthorizedException, ForbiddenException for somebody else's id, BadRequestException
   */
  read(request: IncomingMessage, as: unknown): Principal {
    const { people } = this.session(request);
    const [only, ...others] = people;
    const person =
      as === undefined && others.length === 0 ? only : people.find(({ id }) => id === decoded(as));
    if (person === undefined) throw new ForbiddenException('You are not signed in as that person.');
    return { id: person.id, rights: person.rights };
  }

  /** Everybody whom a request may act as. @throws UnauthorizedException */
  session({ headers }: IncomingMessage): Session {
    const session = this.sessions.read(headers.cookie, headers.host ?? '');
    if (session !== null) return session;
    throw new UnauthorizedException({ statusCode: 401, ...ADVICE[this.people.way] });
  }
}

/** @throws BadRequestException */
function decoded(as: unknown): string {
  if (typeof as !== 'string') {
    throw new BadRequestException(
      'You are signed in as several people: say as whom, with the header Chat-As or auth.as.',
    );
  }
  try {
    return decodeURIComponent(as);
  } catch {
    throw new BadRequestException('Chat-As must be an id, encoded as in an address.');
  }
}
