import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { isName, isRight, toName } from './chat/sign-in/people/chat-users.js';
import {
  hashPassword,
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
} from './chat/sign-in/people/password-hash.js';
import { RIGHTS } from './chat/sign-in/principal.js';

const HELP = `
  Makes an entry for CHAT_USERS: somebody who may sign in to the reference chat.

  Usage: npm run --silent chat-user -- <name> [${RIGHTS.join('] [')}]

    board      may see the board at /admin/queues
    announce   may write to everyone

  The password is asked for, or read from standard input: never give it as an argument, which everybody on the machine can read.
  It has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters, and only its scrypt hash is printed. Several entries are separated by commas:

    CHAT_USERS=ada+board+announce:scrypt1.…,grace:scrypt1.…
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean', short: 'h', default: false } },
    allowPositionals: true,
  });
  const [given, ...rights] = positionals;
  if (values.help || given === undefined) {
    console.log(HELP);
    if (!values.help) process.exitCode = 1;
    return;
  }
  const name = toName(given);
  if (!isName(name)) throw new Error('A name has 1 to 64 letters, digits or . _ -');
  if (!rights.every(isRight)) throw new Error(`There are two rights: ${RIGHTS.join(' and ')}.`);
  const password = await readPassword();
  if (password.length < MIN_PASSWORD_LENGTH || password.length > MAX_PASSWORD_LENGTH) {
    throw new Error(
      `A password has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters, not ${password.length}.`,
    );
  }
  console.log(`${[name, ...new Set(rights)].join('+')}:${await hashPassword(password)}`);
}

/** The first line of standard input; at a terminal what is typed is not shown. */
function readPassword(): Promise<string> {
  const isTerminal = process.stdin.isTTY;
  if (isTerminal) process.stderr.write('Password: ');
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: isTerminal });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      lines.removeAllListeners('close');
      lines.close();
      if (isTerminal) process.stderr.write('\n');
      resolve(line);
    });
    lines.once('SIGINT', () => process.exit(130));
    lines.once('close', () => reject(new Error('No password came by standard input.')));
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
