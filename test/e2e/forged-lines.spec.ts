import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { waitUntil } from '../support/wait-until.js';

/** What an attacker puts wherever the app takes a text: a line of its own in the log, and what moves a terminal's cursor. */
const FORGED = 'x\r\nFORGED [Nest] 1  - LOG all is well\u001b[2J\u2028FORGED\u0085FORGED\u202eFORGED\u0000';
/** The same as the log says it. */
const ESCAPED = String.raw`x\u000d\u000aFORGED [Nest] 1  - LOG all is well\u001b[2J\u2028FORGED\u0085FORGED\u202eFORGED\u0000`;
const ACTIVE = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;

describe('a line of the log', () => {
  let app: ChildProcess;
  let output = '';
  let url: string;
  let cookie: string;

  beforeAll(async () => {
    const hook = join(__dirname, '../support/typescript-hook.cjs');
    const environment = { PATH: process.env['PATH'] ?? '', MESSAGE_QUEUE_FAILURE_LOG_INTERVAL_MS: '0' };
    app = spawn(process.execPath, ['--require', hook, join(__dirname, 'forging-host.ts')], {
      env: environment,
    });
    app.stdout?.on('data', (part: Buffer) => (output += part.toString()));
    app.stderr?.on('data', (part: Buffer) => (output += part.toString()));
    const said = await waitUntil(
      () => /listens on (\S+) cookie (\S+)\n/.exec(output),
      'the app to listen',
      60_000,
    );
    [, url = '', cookie = ''] = said;
  });
  afterAll(async () => {
    if (app.exitCode !== null) return;
    const exit = once(app, 'exit');
    app.kill('SIGKILL');
    await exit;
  });

  const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie, ...headers },
      body: JSON.stringify(body),
    });

  /** Of the lines that the app wrote meanwhile: those that quote the attacker. */
  async function quotedIn(attack: () => Promise<unknown>, least: number): Promise<string[]> {
    const before = output.length;
    await attack();
    const lines = (): string[] =>
      output
        .slice(before)
        .split('\n')
        .filter((line) => line.includes('FORGED'));
    await waitUntil(() => lines().length >= least, `${least} lines that quote the attacker`);
    return lines();
  }

  it.each<[string, number, () => Promise<unknown>]>([
    [
      'a job: its payload, correlation id, error, and the name of the error',
      5,
      () => post('/attack/job', { text: FORGED }, { 'x-correlation': encodeURIComponent(FORGED) }),
    ],
    ['an error of a route, which Nest logs', 2, () => post('/attack/error', { text: FORGED })],
    [
      'an id in a path, and what comes of a wrong one',
      1,
      () => fetch(`${url}/attack/job/${encodeURIComponent(FORGED)}`),
    ],
    [
      'ids, names and content of a message',
      1,
      () =>
        post('/api/messages', {
          senderId: FORGED,
          recipientId: FORGED,
          conversationId: FORGED,
          content: FORGED,
        }),
    ],
    [
      'the sign-in and the events of a socket',
      1,
      async () => {
        const socket = io(url, {
          auth: { as: FORGED },
          extraHeaders: { cookie },
          query: { name: FORGED },
          reconnection: false,
        });
        await new Promise<void>((resolve) => {
          socket.once('connect', () => resolve());
          socket.once('connect_error', () => resolve());
        });
        socket.emit(FORGED, FORGED);
        socket.disconnect();
      },
    ],
  ])('is not forged by %s', async (_by, least, attack) => {
    const lines = await quotedIn(attack, least);
    for (const line of lines) expect(line).not.toMatch(/^\s*FORGED/);
    expect(lines.filter((line) => line.includes(ESCAPED))).not.toEqual([]);
  });

  it('says what it was given as escapes, and its own stacks as lines', () => {
    expect(output).toContain(ESCAPED);
    expect(output).toMatch(/\n {4}at /);
    expect(output.split('\n').filter((line) => ACTIVE.test(line))).toEqual([]);
  });
});
