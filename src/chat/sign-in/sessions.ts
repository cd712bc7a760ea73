import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../message-queue/ports/index.js';
import { isLoopbackHost } from '../protection/allowed-hosts.js';
import { People } from './people/people.js';
import type { Person } from './people/people.js';

const LASTS_MS = 12 * 60 * 60 * 1_000;
const MAC_BYTES = 32;

/** Who is signed in with a cookie. One person, or, where people are made up, everybody whom the browser plays. */
export interface Session {
  readonly people: readonly Person[];
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Signs who is signed in into a cookie, and reads it back. Nothing is kept: a cookie that was copied is good until it is over. */
@Injectable()
export class Sessions {
  readonly #key: Buffer;

  /** @param secret what all web servers of the app have in common; undefined: each process makes up its own, and a restart signs everybody out */
  constructor(
    private readonly people: People,
    @Inject(Clock) private readonly clock: Pick<Clock, 'now'>,
    secret?: string,
  ) {
    this.#key =
      secret === undefined
        ? randomBytes(32)
        : Buffer.from(hkdfSync('sha256', secret, '', 'nestjs-message-queue chat session', 32));
  }

  /** The value of `Set-Cookie` that signs people in for 12 hours. @param host what the request's Host header says */
  open(people: readonly Person[], host: string): string {
    const until = this.clock.now() + LASTS_MS;
    const content = Buffer.from(JSON.stringify({ people: people.map(({ id }) => id), until })).toString(
      'base64url',
    );
    const mac = this.macOf(content).toString('base64url');
    return `${nameFor(host)}=${content}.${mac}; Max-Age=${LASTS_MS / 1_000}; ${attributesFor(host)}`;
  }

  /** The value of `Set-Cookie` that signs a browser out. */
  close(host: string): string {
    return `${nameFor(host)}=; Max-Age=0; ${attributesFor(host)}`;
  }

  /** Who is signed in; null for a cookie that is missing, over, not ours, or of people who are gone. */
  read(cookies: string | undefined, host: string): Session | null {
    const [content = '', mac = ''] = valueOf(nameFor(host), cookies).split('.');
    const given = Buffer.from(mac, 'base64url');
    if (given.length !== MAC_BYTES || !timingSafeEqual(given, this.macOf(content))) return null;
    const { people: ids, until } = JSON.parse(Buffer.from(content, 'base64url').toString()) as {
      readonly people: readonly string[];
      readonly until: number;
    };
    const people = ids.map((id) => this.people.find(id)).filter((person) => person !== undefined);
    if (until <= this.clock.now() || people.length < ids.length) return null;
    return { people, until };
  }

  private macOf(content: string): Buffer {
    return createHmac('sha256', this.#key).update(content).digest();
  }
}

/** `__Host-` lets no other host of a domain set it. Browsers keep one jar for all ports of a host, where several apps may be tried out. */
function nameFor(host: string): string {
  return isLoopbackHost(host) ? `chat-session-${/:(\d+)$/.exec(host)?.[1] ?? '80'}` : '__Host-chat-session';
}

function attributesFor(host: string): string {
  return `Path=/; HttpOnly; SameSite=Strict${isLoopbackHost(host) ? '' : '; Secure'}`;
}

function valueOf(name: string, cookies = ''): string {
  const [found] = cookies
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? '';
}
