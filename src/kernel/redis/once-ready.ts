import type { Command, Redis } from 'ioredis';

/** What ioredis keeps to itself. */
interface Internals {
  readonly offlineQueue: { push(item: QueuedCommand): void };
  readonly condition: { readonly select: number };
  _readyCheck(done: unknown): void;
}

interface QueuedCommand {
  readonly command: Command;
  readonly stream: unknown;
  readonly select: number;
}

/** What a client says to be let in, or to leave. */
const HANDSHAKE = new Set(['auth', 'hello', 'select', 'readonly', 'quit']);

/** CLIENT SETNAME and SETINFO introduce the client; CLIENT LIST is a question like any other. */
function isHandshake({ name, args }: Command): boolean {
  return HANDSHAKE.has(name) || (name === 'client' && /^set/i.test(String(args[0])));
}

/**
 * Lets commands wait until the client is ready. ioredis writes those that a server answers while it loads its data (INFO, CONFIG,
 * TIME, SUBSCRIBE …) as soon as it is connected, and forgets them when that connection breaks before it was ready: whoever waits for
 * the answer would wait for ever.
 */
export function sendsOnceReady(client: Redis): Redis {
  const internals = client as unknown as Internals;
  const check = internals._readyCheck.bind(client);
  const send = client.sendCommand.bind(client);
  let isChecking = false;
  const sendCommand: Redis['sendCommand'] = (command, stream) => {
    if (client.status !== 'connect' || isChecking || isHandshake(command)) return send(command, stream);
    internals.offlineQueue.push({ command, stream, select: internals.condition.select });
    return command.promise;
  };
  const _readyCheck = (done: unknown): void => {
    isChecking = true;
    try {
      check(done);
    } finally {
      isChecking = false;
    }
  };
  return Object.assign(client, { sendCommand, _readyCheck });
}
