import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROUTES } from '../../../src/message-queue/operations/rest/routes/route-table.js';
import { startChatServer } from '../../browser/chat-server.js';

const run = promisify(execFile);
const DOCUMENT = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'rest.md'), 'utf8');

describe('docs/rest.md', () => {
  it('has every route that there is, as the table has it', () => {
    const [, written = ''] = /<!-- routes -->\n(.*?)<!-- end of routes -->/s.exec(DOCUMENT) ?? [];
    const rows = written
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) =>
        line
          .split('|')
          .map((cell) => cell.trim())
          .slice(1, 4),
      );
    expect(rows).toEqual(
      ROUTES.map(({ method, path, role, about }) => [`\`${method} ${path}\``, role, about]),
    );
  });

  it('has examples that work as they stand against the reference chat', async () => {
    const app = await startChatServer({ provider: 'memory' });
    const url = await app.getUrl();
    try {
      const commands = [...DOCUMENT.matchAll(/^```bash\n(.*?)^```$/gms)]
        .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
        .filter((line) => line.startsWith('curl '));
      expect(commands.length).toBeGreaterThan(9);
      for (const command of commands) {
        const here = command.replaceAll('http://localhost:5001', url);
        const { stdout } = await run('bash', [
          '-c',
          here.replace('curl ', 'curl --silent --fail-with-body '),
        ]);
        expect([command, JSON.parse(stdout)]).toEqual([command, expect.any(Object)]);
      }
    } finally {
      await app.close();
    }
  });
});
