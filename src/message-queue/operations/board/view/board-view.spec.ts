import type { QueueJobJson } from '@bull-board/api/typings/app';
import { HostCode } from '../../../../kernel/host/host-code.js';
import { defineQueue } from '../../../jobs/queue-definition.js';
import type { BoardSettings } from '../board-access.js';
import { BoardView } from './board-view.js';

const NOTES = defineQueue({
  name: 'notes',
  description: 'Notes.',
  jobs: { write: class NoteDto {} },
  concurrency: 1,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 1_000,
});

describe('BoardView', () => {
  it('shows names, reasons and stacks with their control characters as escapes, frames as lines', () => {
    const view = new BoardView({ maxPayloadChars: 1_000 }, new HostCode());
    const job = {
      ...{
        id: '1',
        data: {},
        opts: {},
        returnvalue: null,
        attemptsMade: 1,
        timestamp: 0,
        progress: 0,
        delay: 0,
      },
      name: 'write\u202e',
      failedReason: 'no\r\nFORGED',
      stacktrace: ['Error: no\r\nFORGED\nat a.js:1:1\nat b.js:1:1'],
    } as unknown as QueueJobJson;
    expect(view.of(job, NOTES)).toMatchObject({
      name: String.raw`write\u202e`,
      failedReason: String.raw`no\u000d\u000aFORGED`,
      stacktrace: [`${String.raw`Error: no\u000d\u000aFORGED`}\nat a.js:1:1\nat b.js:1:1`],
    });
  });

  it('shows of an error what redact leaves of it, and then no stack and no earlier text', () => {
    const job = {
      ...{ id: '1', data: { a: 1 }, returnvalue: null, attemptsMade: 1, timestamp: 0, progress: 0, delay: 0 },
      opts: { mq: { failures: [{ attempt: 1, message: 'Ada fell' }] } },
      name: 'write',
      failedReason: 'Ada fell',
      stacktrace: ['Error: Ada fell'],
    } as unknown as QueueJobJson;
    const shownBy = (redact?: BoardSettings['redact']): string =>
      JSON.stringify(new BoardView({ maxPayloadChars: 1_000, redact }, new HostCode()).of(job, NOTES));
    expect(shownBy()).toMatch(/Ada fell.*Ada fell.*Ada fell/);
    expect(shownBy(() => ({ data: {} }))).toContain('Ada fell');
    const redacted = shownBy(({ error }) => ({ error: error?.replace('Ada', '***') }));
    expect(redacted).toContain('*** fell');
    expect(redacted).not.toContain('Ada');
    const failing = shownBy(() => {
      throw new Error('redact');
    });
    expect(failing).not.toContain('Ada');
  });
});
