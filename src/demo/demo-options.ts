import { parseArgs } from 'node:util';

/** What the demo's command line says. */
export interface DemoOptions {
  /** End after the story, with code 0 or 1, in place of serving until Ctrl-C. */
  readonly exit: boolean;
  readonly help: boolean;
  /** Port of the board; 0 picks a free one. Default 5001. */
  readonly port: number;
}

/** Shown by `--help`. */
export const DEMO_HELP = `Usage: npm run demo -- [options]

Sends the conversation in examples/ through all six queues and checks what came out.

  --exit        end after the story: code 0 when all is as expected, 1 when anything differs
  --port <n>    port of the board and the API (default 5001, 0 picks a free one)
  --help        show this text

Environment: MESSAGE_QUEUE_PROVIDER=memory|redis, REDIS_URL, and the rest of docs/configuration.md.
NO_COLOR=1 turns colours off.`;

/**
 * Reads the command line.
 * @throws Error that names the wrong argument and shows what is allowed
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      exit: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      port: { type: 'string', default: '5001' },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port must be a whole number from 0 to 65535, not "${values.port}".`);
  }
  return { exit: values.exit, help: values.help, port };
}
