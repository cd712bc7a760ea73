import { JobLogger } from './job-logger.js';

const place = { queue: 'q', job: 'j', jobId: '1', attempt: 2, correlationId: 'c' };
const run = { place, maxAttempts: 3 };

describe('JobLogger', () => {
  const written: unknown[][] = [];
  const write = (...line: unknown[]): void => void written.push(line);
  const logger = new JobLogger({ log: write, warn: write, error: write, debug: write }, run);
  const suffix = '{queue=q job=j id=1 attempt=2/3 correlation=c}';
  beforeEach(() => written.splice(0));

  it('adds the run to texts and passes the rest through, on every level', () => {
    logger.log('one');
    logger.warn('two');
    logger.error('three', 'stack', 'Context');
    logger.debug('four');
    expect(written).toEqual([
      [`one ${suffix}`],
      [`two ${suffix}`],
      [`three ${suffix}`, 'stack', 'Context'],
      [`four ${suffix}`],
    ]);
  });

  it('adds it to objects as properties, and to an error as text', () => {
    logger.log({ event: 'sent' });
    logger.error(new Error('boom'));
    expect(written).toEqual([
      [{ event: 'sent', queue: 'q', job: 'j', jobId: '1', attempt: 2, correlationId: 'c' }],
      [`Error: boom ${suffix}`],
    ]);
  });

  it('is content with a logger that has no debug', () => {
    expect(() => new JobLogger({ log: write, warn: write, error: write }, run).debug('x')).not.toThrow();
  });
});
