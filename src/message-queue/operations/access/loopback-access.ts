import { BlockList } from 'node:net';
import type { IncomingMessage } from 'node:http';
import type { EnvironmentName } from '../../../kernel/values/environment-name.js';
import type { Exchange } from '../http/exchange.js';
import type { AccessMethod, Admission } from './admission.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
/** What proxies add to the requests that they pass on. */
const PROXY_HEADER =
  /^(x-forwarded-.+|x-original-.+|x-real-ip|x-client-ip|true-client-ip|cf-.+|forwarded|via)$/;

const HOW =
  'Say who may use it: name people in MESSAGE_QUEUE_OPERATORS and MESSAGE_QUEUE_VIEWERS, or set operations.access (or board.access, for the board alone)';

/**
 * Access in development: browsers and programs of this machine. The socket's address decides; a request that a proxy passed
 * on is refused, and so is one whose Host header is not a loopback name (a web site can point its own name here).
 */
export class LoopbackAccess implements AccessMethod {
  readonly openTo = 'this machine only';

  constructor(private readonly place: Place) {}

  ask({ request }: Exchange): Admission {
    const objection = objectionTo(request);
    if (objection === null) return { visitor: { name: this.place.user, role: 'operator' } };
    const detail = `${this.place.name} of the message queues is open to this machine only, and ${objection}. To let others in: ${HOW}.`;
    return { refused: { status: 403, code: 'CLOSED', detail } };
  }
}

/** What is opened. */
export interface Place {
  /** At the begin of a sentence: "The board". */
  readonly name: string;
  /** What somebody is called who is let in without a name. */
  readonly user: string;
}

/** Access where nothing is configured: none. */
export class NoAccess implements AccessMethod {
  readonly openTo: string;

  constructor(
    private readonly place: Place,
    environment: EnvironmentName,
  ) {
    const or = environment === 'unset' ? ', or NODE_ENV=development that this machine may' : '';
    this.openTo = `nobody until MESSAGE_QUEUE_OPERATORS or an access of the app says who may use it${or}`;
  }

  ask(): Admission {
    const detail = `${this.place.name} of the message queues is closed until the app says who may use it. ${HOW}. In development (NODE_ENV=development) it is open to the machine itself.`;
    return { refused: { status: 403, code: 'CLOSED', detail } };
  }
}

/**
 * Whether a request comes from this machine itself, as far as can be seen: over loopback, with no header of a proxy, for a loopback name. It is
 * how the operations are open in development, and what a host may ask before it opens something there.
 */
export function isFromThisMachine(request: IncomingMessage): boolean {
  return objectionTo(request) === null;
}

function objectionTo(request: IncomingMessage): string | null {
  const address = request.socket.remoteAddress ?? '';
  if (!isLoopback(address)) return 'this request comes from another one';
  const header = Object.keys(request.headers).find((name) => PROXY_HEADER.test(name));
  if (header) return `this request came through a proxy (it has the header ${header})`;
  if (!isLoopbackHost(request.headers.host ?? '')) return 'this request asks for another host name';
  return null;
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  return LOOPBACK.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
}

function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return /(^|\.)localhost\.?$/i.test(name) || (/^[\d.]+$|^[\da-f:]+$/i.test(name) && isLoopback(name));
}
