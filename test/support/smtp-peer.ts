import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What a peer answers, by verb: a text, or one for each line. */
export type SmtpAnswers = Record<string, string | ((line: string) => string | undefined)>;

/** A bare SMTP server on loopback that answers as a test says, and keeps every line as it came over the wire. */
export interface SmtpPeer {
  readonly port: number;
  /** Commands, in the order in which they came. */
  readonly lines: readonly string[];
  /** Mails, each with its lines between CR LF. */
  readonly mails: readonly string[];
  /** Answers by verb, `CONNECT` for the greeting, `END` for the end of a mail; may be changed at any time. */
  readonly answers: SmtpAnswers;
  close(): Promise<void>;
}

/** Starts one. @param extensions what it offers to EHLO */
export async function startSmtpPeer(
  answers: SmtpAnswers = {},
  extensions: readonly string[] = ['8BITMIME', 'SIZE 1000000'],
): Promise<SmtpPeer> {
  const lines: string[] = [];
  const mails: string[] = [];
  const usual = (verb: string): string => {
    if (verb === 'EHLO')
      return ['peer', ...extensions]
        .map((line, at) => `250${at < extensions.length ? '-' : ' '}${line}`)
        .join('\r\n');
    return (
      { CONNECT: '220 peer ESMTP', DATA: '354 go on', QUIT: '221 bye', AUTH: '235 ok', STARTTLS: '502 no' }[
        verb
      ] ?? '250 ok'
    );
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const answer = (verb: string, line = ''): string => {
      const given = answers[verb];
      const said = (typeof given === 'function' ? given(line) : given) ?? usual(verb);
      socket.write(`${said}\r\n`);
      if (said.startsWith('421') || verb === 'QUIT') socket.end();
      return said;
    };
    let mail: string[] | null = null;
    let rest = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const [...whole] = `${rest}${chunk}`.split('\r\n');
      rest = whole.pop() ?? '';
      for (const line of whole) {
        if (mail === null) {
          lines.push(line);
          const verb = line.split(' ')[0]?.toUpperCase() ?? '';
          if (answer(verb, line).startsWith('354')) mail = [];
        } else if (line === '.') {
          mails.push(mail.join('\r\n'));
          mail = null;
          answer('END');
        } else mail.push(line);
      }
    });
    answer('CONNECT');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    ...{ lines, mails, answers },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
