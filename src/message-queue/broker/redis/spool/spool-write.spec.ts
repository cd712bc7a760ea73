import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidConfigurationError } from '../../../../kernel/errors.js';
import { SpoolFile } from './spool-file.js';
import { Spool } from './spool.js';

describe('what a spool writes', () => {
  let directory: string;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'mq-homepage-'))));
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(directory, { recursive: true });
  });
  const open = (): Spool =>
    new Spool({ directory, maxJobs: 10, maxBytes: 1_000, fsync: true }, () => undefined);

  it('acknowledges neither of two equal adds before the job is on disk', async () => {
    const spool = open();
    const place = { queue: 'orders', job: 'ship', jobId: 'a' };
    const job = { base: 'b:', id: 'a', at: 1, bytes: 2, onceKey: null, fingerprint: null, record: '{}' };
    const write = jest.spyOn(SpoolFile.prototype, 'write').mockImplementation(() => {
      throw new Error('database or disk is full');
    });
    const refused = await Promise.allSettled([spool.put(job, place), spool.put(job, place)]);
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    write.mockRestore();
    const added = await Promise.all([spool.put(job, place), spool.put(job, place)]);
    expect(added.map(({ deduplicated }) => deduplicated)).toEqual([false, true]);
    await spool.close();
  });

  it('reports a disk that cannot be read, and lets it end no process', async () => {
    const problems: string[] = [];
    const options = { directory, maxJobs: 10, maxBytes: 1_000, fsync: true };
    const spool = new Spool(options, (message) => problems.push(message));
    jest.spyOn(SpoolFile.prototype, 'first').mockImplementation(() => {
      throw new Error('disk I/O error');
    });
    spool.attach('b:', () => Promise.resolve(true));
    const job = { base: 'b:', id: 'a', at: 1, bytes: 2, onceKey: null, fingerprint: null, record: '{}' };
    await spool.put(job, { queue: 'orders', job: 'ship', jobId: 'a' });
    await spool.close();
    expect(problems).toEqual(['The spool cannot be read; its jobs are sent later.']);
  });

  it('takes no trouble of the file system for a damaged file, whatever its path is called', () => {
    mkdirSync(join(directory, 'spool-1.db'));
    expect(open).toThrow(InvalidConfigurationError);
    expect(existsSync(join(directory, 'spool-1.db'))).toBe(true);
  });
});
