import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidConfigurationError } from '../../../../kernel/errors.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import type { SentJob } from './queue-drain.js';
import { SpoolFile } from './spool-file.js';
import type { SpooledJob } from './spooled-job.js';
import { Spool } from './spool.js';

describe('what a spool writes and sends', () => {
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

  it('knows a key by any of its names, and asks about another fingerprint', async () => {
    const spool = open();
    const asked: unknown[] = [];
    const put = (id: string, names: string[], fingerprint: string) => {
      const record = {
        at: 1,
        bytes: 2,
        record: '{}',
        base: 'b:',
        id,
        onceKey: names[0] ?? null,
        fingerprint,
      };
      return spool.put(
        record,
        { queue: 'orders', job: 'ship', jobId: id },
        {
          names,
          assertSamePayload: async (used) => void asked.push(used),
        },
      );
    };
    await put('a', ['n-1', 'plain'], 'f');
    expect(await put('b', ['n-2', 'n-1', 'plain'], 'f')).toEqual({ id: 'a', deduplicated: true });
    expect(asked).toEqual([]);
    expect(await put('c', ['n-2', 'n-1', 'plain'], 'g')).toEqual({ id: 'a', deduplicated: true });
    expect(asked).toEqual([{ jobId: 'a', fingerprint: 'f' }]);
    expect(await put('d', ['n-3', 'other'], 'f')).toEqual({ id: 'd', deduplicated: false });
    await spool.close();
  });

  it('reports a disk that cannot be read, and lets it end no process', async () => {
    const problems: string[] = [];
    const options = { directory, maxJobs: 10, maxBytes: 1_000, fsync: true };
    const spool = new Spool(options, () => undefined);
    jest.spyOn(SpoolFile.prototype, 'first').mockImplementation(() => {
      throw new Error('disk I/O error');
    });
    spool.attach({
      ...{ base: 'b:', name: 'orders', send: () => Promise.resolve([]) },
      report: (message) => problems.push(message),
    });
    const job = { base: 'b:', id: 'a', at: 1, bytes: 2, onceKey: null, fingerprint: null, record: '{}' };
    await spool.put(job, { queue: 'orders', job: 'ship', jobId: 'a' });
    await spool.close();
    expect(problems).toEqual([
      'Jobs of the spool cannot be read or written; they are sent again, and added once: disk I/O error',
    ]);
  });

  it('is sent one call after another, each from the first job that is not settled', async () => {
    const spool = open();
    const added: string[] = [];
    let underWay = 0;
    const send = async (jobs: readonly SpooledJob[]): Promise<SentJob[]> => {
      expect((underWay += 1)).toBe(1);
      await new Promise(setImmediate);
      underWay -= 1;
      // Redis takes all but the last, for as long as there are several.
      const states = jobs.map((_job, i): SentJob =>
        i > 0 && i === jobs.length - 1 ? { state: 'waits', error: null } : { state: 'added' },
      );
      added.push(...jobs.filter((_job, i) => states[i]?.state === 'added').map(({ id }) => id));
      return states;
    };
    spool.attach({ base: 'b:', name: 'orders', send, report: () => undefined });
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const job = { base: 'b:', at: 1, bytes: 2, onceKey: null, fingerprint: null, record: '{}' };
    for (const id of ids) await spool.put({ ...job, id }, { queue: 'orders', job: 'ship', jobId: id });
    await waitUntil(() => !spool.holds('b:'), 'the spool to be empty');
    expect(added).toEqual(ids);
    expect(spool.depth).toEqual({ jobs: 0, bytes: 0, oldestAt: null, waits: [], setAside: [] });
    await spool.close();
  });

  describe('while jobs are under way to Redis', () => {
    const job = { base: 'b:', at: 1, bytes: 2, onceKey: null, fingerprint: null, record: '{}' };
    const put = (spool: Spool, id: string, onceKey: string | null = null) =>
      spool.put({ ...job, id, onceKey }, { queue: 'orders', job: 'ship', jobId: id });

    /** A queue whose calls end when the test says so. */
    class HeldCalls {
      readonly base = 'b:';
      readonly name = 'orders';
      readonly calls: { readonly ids: string[]; areCurrent(): boolean; end(state: SentJob): void }[] = [];
      readonly report = (): void => undefined;

      send(jobs: readonly SpooledJob[], areCurrent: () => boolean): Promise<SentJob[]> {
        return new Promise((resolve) => {
          const end = (state: SentJob): void => resolve(jobs.map(() => state));
          this.calls.push({ ids: jobs.map(({ id }) => id), areCurrent, end });
        });
      }
    }

    async function sending(
      ...ids: string[]
    ): Promise<{ spool: Spool; queue: HeldCalls; first: HeldCalls['calls'][0] }> {
      const spool = open();
      await Promise.all(ids.map((id) => put(spool, id, `key of ${id}`)));
      const queue = new HeldCalls();
      spool.attach(queue);
      const [first] = queue.calls;
      if (first === undefined) throw new Error('Nothing was sent.');
      expect(first.ids).toEqual(ids);
      return { spool, queue, first };
    }

    /** Another queue of the spool tries to send three times: this one could have meanwhile. */
    async function triesOfAnother(spool: Spool): Promise<void> {
      let tries = 0;
      const send = async (jobs: readonly SpooledJob[]): Promise<SentJob[]> => {
        tries += 1;
        return jobs.map(() => ({ state: tries > 3 ? 'added' : 'waits', error: null }));
      };
      spool.attach({ base: 'o:', name: 'others', send, report: () => undefined });
      await spool.put({ ...job, base: 'o:', id: 'o' }, { queue: 'others', job: 'ship', jobId: 'o' });
      await waitUntil(() => !spool.holds('o:'), 'another queue to have sent');
    }

    it('sends none of them once one was erased, and no other before it is erased in Redis', async () => {
      const { spool, queue, first } = await sending('a', 'b');
      expect(first.areCurrent()).toBe(true);
      let endInRedis: (() => void) | null = null;
      const erasing = spool.erase('b:', ['a'], async (erased) => {
        await new Promise<void>((resolve) => (endInRedis = resolve));
        return erased.length;
      });
      expect(first.areCurrent()).toBe(false);
      await put(spool, 'c', 'key of a');
      await new Promise(setImmediate);
      expect(endInRedis).toBeNull();
      first.end({ state: 'waits', error: null });
      const end = await waitUntil(() => endInRedis, 'the call to be over');
      await triesOfAnother(spool);
      expect(queue.calls).toHaveLength(1);
      end();
      expect(await erasing).toBe(0);
      const second = await waitUntil(() => queue.calls[1], 'the rest to be sent');
      expect(second.ids).toEqual(['b', 'c']);
      expect(second.areCurrent()).toBe(true);
      second.end({ state: 'added' });
      await waitUntil(() => !spool.holds('b:'), 'the spool to be empty');
      await spool.close();
    });

    it('goes on with removing what was erased though nobody waits for it any more, and others wait for that too', async () => {
      const { spool, queue, first } = await sending('a', 'b');
      const steps: string[] = [];
      let isAway = true;
      const inRedis = (name: string) => async () => {
        steps.push(name);
        if (isAway) throw new Error('Redis is away.');
        return name;
      };
      const erasing = spool.erase('b:', ['a'], inRedis('first'));
      first.end({ state: 'waits', error: null });
      await expect(erasing).rejects.toThrow('Redis is away.');
      const again = spool.erase('b:', ['a'], inRedis('second'));
      await waitUntil(() => steps.length > 2, 'it to be tried again');
      expect(new Set(steps)).toEqual(new Set(['first']));
      await triesOfAnother(spool);
      expect(queue.calls).toHaveLength(1);
      isAway = false;
      expect(await again).toBe('second');
      const second = await waitUntil(() => queue.calls[1], 'the rest to be sent');
      expect(second.ids).toEqual(['b']);
      second.end({ state: 'added' });
      await waitUntil(() => !spool.holds('b:'), 'the spool to be empty');
      await spool.close();
    });

    it('keeps one that comes under the id of another that was erased meanwhile', async () => {
      const { spool, queue, first } = await sending('a');
      const erasing = spool.erase('b:', ['a'], async () => undefined);
      await put(spool, 'a', 'another key');
      first.end({ state: 'added' });
      await erasing;
      expect(spool.depth).toMatchObject({ jobs: 1, bytes: 2 });
      const second = await waitUntil(() => queue.calls[1], 'the new one to be sent');
      expect(second.ids).toEqual(['a']);
      second.end({ state: 'added' });
      await waitUntil(() => !spool.holds('b:'), 'the spool to be empty');
      await spool.close();
    });

    it('tells when none that was read before a change is under way', async () => {
      const { spool, first } = await sending('a');
      let isOver = false;
      const replacing = spool.arrived('b:').then(() => (isOver = true));
      expect(first.areCurrent()).toBe(false);
      await new Promise(setImmediate);
      expect(isOver).toBe(false);
      first.end({ state: 'added' });
      await replacing;
      await spool.close();
    });
  });

  it('takes no trouble of the file system for a damaged file, whatever its path is called', () => {
    mkdirSync(join(directory, 'spool-1.db'));
    expect(open).toThrow(InvalidConfigurationError);
    expect(existsSync(join(directory, 'spool-1.db'))).toBe(true);
  });
});
