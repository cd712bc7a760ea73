import { BlockList } from 'node:net';
import type { IncomingMessage } from 'node:http';
import type { BoardMiddleware } from './board-access.js';
import { refuse } from '../http/refuse.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
/** What proxies add to the requests that they pass on. */
const PROXY_HEADER =
  /^(x-forwarded-.+|x-original-.+|x-real-ip|x-client-ip|true-client-ip|cf-.+|forwarded|via)$/;

/**
 * Board access in development: browsers of this machine. The socket's address decides; a request that a proxy passed
 * on is refused, and so is one whose Host header is not a loopback name (a web site can point its own name here).
 */
export const loopbackAccess: BoardMiddleware = (request, response, next) => {
  const objection = objectionTo(request);
  if (objection === null) {
    next();
    return;
  }
  refuse(
    response,
    403,
    `The board of the message queues is open to this machine only, and ${objection}.\n` +
      'To let others in, configure who may: MessageQueueModule.forRoot({ board: { access: ' +
      'basicAuthAccess({ username, password }) } }), or a guard or middleware of your own.',
  );
};

/** Board access where nothing is configured: none. */
export const noAccess: BoardMiddleware = (_request, response) => {
  refuse(
    response,
    403,
    'The board of the message queues is closed until the app says who may use it: ' +
      'MessageQueueModule.forRoot({ board: { access: basicAuthAccess({ username, password }) } }), ' +
      'or a guard or middleware of your own as `board.access`. ' +
      'In development (NODE_ENV=development) it is open to the machine itself.',
  );
};

/**
 * Whether a request comes from this machine itself, as far as can be seen: over loopback, with no header of a proxy, for a loopback name. It is
 * how the board is open in development, and what a host may ask before it opens something there.
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
