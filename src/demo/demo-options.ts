import { parseArgs } from 'node:util';

/** What the demo's command line says. */
export interface DemoOptions {
  /** End after the story in place of serving until Ctrl-C. */
  readonly exit: boolean;
  readonly help: boolean;
  /** Port of the chat and the board; 0 picks a free one. Null: what PORT says, or 5001. */
  readonly port: number | null;
  /** Whether jobs run beside the web server or in a process of their own. Default `here`. */
  readonly workers: 'here' | 'apart';
}

/** Shown by `--help`. */
export const DEMO_HELP = `Usage: npm run demo -- [options]

Sends the conversation in examples/ through all six queues, checks what came out against examples/expected.json,
and serves chat, console, board, REST and metrics until Ctrl-C.

  --exit            end after the story
  --port <n>        port of the chat, the board and the API (default: PORT, or 5001; 0 picks a free one)
  --workers here    run the jobs in the process of the web server (default)
  --workers apart   run them in a second process without a web server; needs Redis:
                    MESSAGE_QUEUE_PROVIDER=redis REDIS_URL=redis://127.0.0.1:6379 npm run demo -- --workers apart
  --help            show this text

Environment: MESSAGE_QUEUE_PROVIDER=memory|redis|sync, REDIS_URL, PORT, HOST (default 127.0.0.1), DATABASE_URL (postgres://… or a
SQLite file; default: a SQLite file of its own), and the rest of docs/configuration.md. NO_COLOR=1 turns colours off.

Exit codes: 0 when everything came out as expected; 1 when anything differs or fails; 130 or 143 when Ctrl-C or SIGTERM
came before the end of the story.`;

/**
 * Reads the command line.
 * @throws Error of one line that names the wrong argument and says what is allowed
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { exit, help, port, workers } = valuesOf(args);
  if (workers !== 'here' && workers !== 'apart') {
    throw new Error(`--workers must be "here" or "apart", not "${workers}".`);
  }
  return { exit, help, port: port === undefined ? null : portOf(port), workers };
}

function portOf(text: string): number {
  const port = Number(text);
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`--port must be a whole number from 0 to 65535, not "${text}".`);
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        exit: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        port: { type: 'string' },
        workers: { type: 'string', default: 'here' },
      },
    }).values;
  } catch (error) {
    // Node explains at length how one could pass such an argument on; here there is nothing to pass it to.
    const [problem = ''] = (error as Error).message.split(/[.\n]/);
    throw new Error(`${problem}. Allowed are --exit, --port <n>, --workers here|apart and --help.`, {
      cause: error,
    });
  }
}
