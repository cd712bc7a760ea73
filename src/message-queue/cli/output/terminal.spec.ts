import { PassThrough } from 'node:stream';
import { Terminal } from './terminal.js';
import type { Streams } from './terminal.js';

function cleared(isTTY: boolean): string {
  const stdout = Object.assign(new PassThrough(), { isTTY }).setEncoding('utf8');
  new Terminal({ stdin: stdout, stdout, stderr: stdout } as unknown as Streams, true).clear();
  return String(stdout.read() ?? '');
}

describe('Terminal', () => {
  it('begins anew at the top, and erases nothing that was scrolled out of the screen', () => {
    expect(cleared(true)).toBe('\u001B[H\u001B[J');
    expect(cleared(false)).toBe('');
  });
});
