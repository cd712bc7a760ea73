import type { Cluster, Command, Redis } from 'ioredis';

/**
 * Lets a client's commands forget their arguments once they were answered.
 *
 * ioredis assigns a function literal to a field of each command. V8 allocates such literals among old objects, so that
 * every command outlives its answer until the next full garbage collection, and with it every payload that it carried:
 * copied twice, into memory that is fresh each time. That was more work than the rest of an add of 50 kB. Answers are
 * kept alike: whoever gets long ones empties them once they are read.
 *
 * A command that failed keeps its arguments, because ioredis may send it again, but its error does not; so does one of a
 * pipeline, which may be sent again as a whole.
 */
export function forgetArguments<Client extends Redis | Cluster>(client: Client): Client {
  const send = client.sendCommand.bind(client) as (...call: SendCommand) => unknown;
  const sendCommand = (...call: SendCommand): unknown => {
    const answer = send(...call);
    const [command, stream] = call;
    // While a server drops every connection, what waits is sent again with each: that must not be remembered each time.
    if (stream === undefined && command[HEARD] !== true) {
      command[HEARD] = true;
      void command.promise.then(() => (command.args = NONE), forgetInError);
    }
    return answer;
  };
  return Object.assign(client, { sendCommand });
}

/** Marks a command that will forget. */
const HEARD = Symbol('heard');

type SendCommand = [command: Command & { [HEARD]?: true }, stream?: unknown, node?: unknown];

const NONE: Command['args'] = [];

/** Whoever sent the command hears of the error, and so may a log: it must not carry what was sent. */
function forgetInError(error: unknown): void {
  const { command } = error as { command?: { args: unknown } };
  if (command !== undefined) command.args = NONE;
}
