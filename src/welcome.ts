import { isatty } from 'node:tty';
import type { INestApplicationContext } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { listeningAddress } from './app.module.js';
import { isLoopbackAddress } from './chat/protection/allowed-hosts.js';
import { People } from './chat/sign-in/people/people.js';
import { NO_USERS } from './chat/sign-in/principal-reader.js';
import { APP_VARIABLES } from './app-variables.js';

const JSON_TYPE = 'Content-Type: application/json';

/** Port of the reference app: PORT, or 5001. */
export function appPort(app: INestApplicationContext): number {
  const { variable, allowed, default: usual } = APP_VARIABLES.port;
  const given = app.get(ConfigService).get<string | number>(variable) ?? usual;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`${variable} must be ${allowed}, not "${given}".`);
}

/**
 * Address that the reference app listens on: HOST, or this machine alone.
 * @throws Error when HOST lets other machines in and nobody has to sign in
 */
export function appHost(app: INestApplicationContext): string {
  const address = listeningAddress(app.get(ConfigService));
  if (isLoopbackAddress(address) || app.get(People, { strict: false }).way === 'password') return address;
  throw new Error(
    `${APP_VARIABLES.host.variable}=${address} lets other machines reach the chat, which has no users: set ${APP_VARIABLES.chatUsers.variable} (npm run chat-user -- --help), or leave ${APP_VARIABLES.host.variable} out.`,
  );
}

/** Whether standard output is a terminal that wants colours (NO_COLOR says no). */
export function hasColors(): boolean {
  return isatty(process.stdout.fd) && process.stdout.hasColors();
}

/** Answers Ctrl-C at once: what closes after it may take a while. */
export function printGoodbyeOnInterrupt(): void {
  process.once('SIGINT', () => console.log('\n  Stopping: jobs that are running end first.'));
}

/** Says where the chat, the console, the board, REST, the metrics and the documentation are. */
export function printWelcome(app: INestApplicationContext, url: string): void {
  const { way } = app.get(People, { strict: false });
  const base = url.replace('[::1]', '127.0.0.1').replace('[::]', '127.0.0.1').replace('0.0.0.0', '127.0.0.1');
  console.log(`
  Chat     ${base}/
  Console  ${base}/admin/console
  Board    ${base}/admin/queues
  REST     ${base}/api/queue/health
  Metrics  ${base}/metrics
  Sign in  curl -c cookies ${way === 'password' ? `-H '${JSON_TYPE}' -d '{"name":"…","password":"…"}' ` : ''}${base}/api/session
  Send     curl -b cookies -H 'Chat-As: ada' -H '${JSON_TYPE}' ${base}/api/messages \\
             -d '{"recipientId":"grace","conversationId":"c1","content":"Hello!"}'
  Read     curl -b cookies -H 'Chat-As: ada' ${base}/api/conversations/c1/messages
  Docs     README.md, docs/configuration.md, docs/operations.md
  Stop     Ctrl-C
`);
  if (way === 'none') console.log(`  ${NO_USERS}\n`);
}
