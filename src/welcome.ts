import { isatty } from 'node:tty';
import type { INestApplicationContext } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { ChatLock } from './chat/protection/chat-lock.js';
import { APP_VARIABLES } from './app-variables.js';

/** Port of the reference app: PORT, or 5001. */
export function appPort(app: INestApplicationContext): number {
  const { variable, allowed, default: usual } = APP_VARIABLES.port;
  const given = app.get(ConfigService).get<string | number>(variable) ?? usual;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`${variable} must be ${allowed}, not "${given}".`);
}

/** Address that the reference app listens on: HOST, or this machine alone. */
export function appHost(app: INestApplicationContext): string {
  const { variable, default: usual } = APP_VARIABLES.host;
  return app.get(ConfigService).get<string>(variable)?.trim() || usual;
}

/** Whether standard output is a terminal that wants colours (NO_COLOR says no). */
export function hasColors(): boolean {
  return isatty(process.stdout.fd) && process.stdout.hasColors();
}

/** Answers Ctrl-C at once: what closes after it may take a while. */
export function printGoodbyeOnInterrupt(): void {
  process.once('SIGINT', () => console.log('\n  Stopping: jobs that are running end first.'));
}

/** Says where the chat, the board, the API and the documentation are. */
export function printWelcome(app: INestApplicationContext, url: string): void {
  const { refusal } = app.get(ChatLock, { strict: false });
  const base = url.replace('[::1]', '127.0.0.1').replace('[::]', '127.0.0.1').replace('0.0.0.0', '127.0.0.1');
  console.log(`
  Chat     ${base}/
  Board    ${base}/admin/queues
  Send     curl -X POST ${base}/api/messages -H 'Content-Type: application/json' \\
             -d '{"senderId":"ada","recipientId":"grace","conversationId":"c1","content":"Hello!"}'
  Read     curl ${base}/api/conversations/c1/messages
  Docs     README.md, docs/configuration.md, docs/operations.md
  Stop     Ctrl-C
`);
  if (refusal !== undefined) console.log(`  ${refusal}\n`);
}
