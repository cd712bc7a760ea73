import { ManualClock } from '../../../kernel/time/manual-clock.js';
import type { JobLog } from '../../jobs/job-logger.js';
import { EventLog } from './event-log.js';
import { LimitedLines } from './limited-lines.js';
import type { LogFields } from './log-fields.js';
import { correlationOfRequest } from './request-correlation.js';
import { StructuredLogger } from './structured-logger.js';

const PLACE = { queue: 'q', job: 'j', jobId: '1', attempt: 2, correlationId: 'c-1' };
const RUN = { place: PLACE, maxAttempts: 3 };
const FAILURE = { at: 0, attempt: 2, kind: 'error', error: 'TypeError', message: 'no' } as const;

class Lines implements JobLog {
  readonly said: [level: string, line: unknown][] = [];
  log(line: unknown): void {
    this.said.push(['log', line]);
  }
  debug(line: unknown): void {
    this.said.push(['debug', line]);
  }
  warn(line: unknown): void {
    this.said.push(['warn', line]);
  }
  error(line: unknown): void {
    this.said.push(['error', line]);
  }
}

describe('EventLog', () => {
  const clock = new ManualClock();
  const lines = new Lines();
  beforeEach(() => void (lines.said.length = 0));
  const log = (settings: ConstructorParameters<typeof EventLog>[0]): EventLog =>
    new EventLog(settings, clock, lines);

  it('says what S4 asks for, of every event', () => {
    const fields = log({ format: 'fields' });
    fields.queued({ queue: 'q', job: 'j', jobId: '1' }, undefined);
    fields.completed(RUN, 12);
    fields.failed(RUN, FAILURE, 7, false);
    fields.failed(RUN, { ...FAILURE, error: 'Other' }, 7, true);
    fields.problem('q', 'It broke.\nForged', 'kind');
    const data = { queueName: 'q', jobId: '1', jobName: 'j' };
    const timestamp = '2026-01-01T00:00:00.000Z';
    const failed = { ...data, attempt: 2, duration: 7 };
    expect(lines.said).toEqual([
      ['debug', { timestamp, correlationId: '1', level: 'debug', event: 'job_queued', data }],
      [
        'log',
        {
          timestamp,
          correlationId: 'c-1',
          level: 'info',
          event: 'job_completed',
          data: { ...data, attempt: 2, duration: 12 },
        },
      ],
      [
        'warn',
        {
          timestamp,
          correlationId: 'c-1',
          level: 'warn',
          event: 'job_failed',
          data: { ...failed, error: 'TypeError: no' },
        },
      ],
      [
        'error',
        {
          timestamp,
          correlationId: 'c-1',
          level: 'error',
          event: 'job_failed',
          data: { ...failed, error: 'Other: no' },
        },
      ],
      [
        'error',
        {
          ...{
            timestamp,
            level: 'error',
            event: 'queue_error',
            correlationId: expect.stringMatching(/^[\da-f-]{36}$/) as string,
          },
          data: { queueName: 'q', error: String.raw`It broke.\u000aForged` },
        },
      ],
    ]);
  });

  it('says nothing of completed jobs in sentences, unless asked to', () => {
    log({ format: 'text' }).completed(RUN, 1);
    log({ format: 'text' }).queued(PLACE, undefined);
    expect(lines.said).toEqual([]);
    log({ format: 'text', completed: 'debug' }).completed(RUN, 12);
    expect(lines.said).toEqual([
      ['debug', 'Completed in 12 ms {queue=q job=j id=1 attempt=2/3 correlation=c-1}'],
    ]);
    log({ format: 'fields', completed: 'off' }).completed(RUN, 1);
    expect(lines.said).toHaveLength(1);
  });

  it('writes ten lines of a kind, then one a second that says how many more there were', async () => {
    const fields = log({ format: 'fields' });
    for (let i = 0; i < 1_000; i += 1) fields.failed(RUN, FAILURE, i, false);
    fields.failed(RUN, { ...FAILURE, error: 'Other' }, 0, false);
    const repeated = (): unknown[] => lines.said.map(([, line]) => (line as LogFields).data.repeated);
    expect(repeated()).toEqual(Array.from({ length: 11 }));
    await clock.advance(1_000);
    expect(repeated().slice(11)).toEqual([990]);
    for (let i = 0; i < 30; i += 1) fields.failed(RUN, FAILURE, i, false);
    expect(repeated().slice(12)).toEqual([]);
    await clock.advance(1_000);
    expect(repeated().slice(12)).toEqual([30]);
    await clock.advance(1_000);
    fields.failed(RUN, FAILURE, 5, false);
    expect(repeated().slice(13)).toEqual([undefined]);
    await clock.advance(2_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('says in sentences how many more there were, not the one that it tells of', async () => {
    const text = log({ format: 'text', completed: 'info' });
    for (let i = 0; i < 13; i += 1) text.completed(RUN, 12);
    await clock.advance(1_000);
    expect(lines.said).toHaveLength(11);
    expect(lines.said.at(-1)?.[1]).toContain('Completed in 12 ms, as 2 more did {');
    await clock.advance(2_000);
  });

  it('writes what is left out when it ends, and tells only so many kinds apart', () => {
    const limited = new LimitedLines(clock);
    const written: number[] = [];
    for (let i = 0; i < 2_000; i += 1) limited.add(`kind ${i}`, (repeated) => written.push(repeated));
    expect(written).toHaveLength(510);
    limited.flush();
    expect(written.at(-1)).toBe(1_490);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('StructuredLogger', () => {
  const written: string[] = [];
  const logger = new StructuredLogger();
  beforeEach(() => {
    written.length = 0;
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
  });
  afterEach(() => jest.restoreAllMocks());

  it('puts fields at the top of one line of JSON, and leaves everything else as Nest writes it', () => {
    const fields = {
      timestamp: 't',
      correlationId: 'c',
      level: 'info',
      event: 'job_completed',
      data: { jobId: '1' },
    };
    logger.log(fields, 'MessageQueue');
    logger.log('A sentence.', 'Host');
    logger.log({ event: 'of the host' }, 'Host');
    const lines = written.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(written.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1)).toBe(
      true,
    );
    expect(lines[0]).toEqual({ ...fields, pid: process.pid, context: 'MessageQueue' });
    expect(lines[1]).toMatchObject({ level: 'log', message: 'A sentence.', context: 'Host' });
    expect(lines[2]).toMatchObject({ level: 'log', message: { event: 'of the host' } });
  });
});

describe('correlationOfRequest', () => {
  it.each([
    [{ 'x-correlation-id': 'order-7' }, 'order-7'],
    [
      { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
      '4bf92f3577b34da6a3ce929d0e0e4736',
    ],
    [
      { 'x-correlation-id': 'mine', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
      'mine',
    ],
    [{ 'x-correlation-id': 'two words' }, undefined],
    [{ 'x-correlation-id': 'x'.repeat(201) }, undefined],
    [{ 'x-correlation-id': '' }, undefined],
    [{ traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` }, undefined],
    [{ traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01` }, undefined],
    [{ traceparent: 'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }, undefined],
    [{}, undefined],
  ])('reads %j as %j', (headers: Readonly<Record<string, string>>, id) =>
    expect(correlationOfRequest((name) => headers[name])).toBe(id),
  );
});
