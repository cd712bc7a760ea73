import type { JobOptions, Queue } from 'bull';
import { completed, failed, rejectionOf } from './broker-bench.js';
import type { BrokerCase } from './broker-bench.js';

/** Halves of emoji, as `text.slice(0, n)` leaves them behind: first, second, the first of another. */
const HALVES = ['\ud83d', '\ude00', '\ud801'];
const ILL_FORMED = HALVES.flatMap((half) => [half, `a${half}`, `${half}a`, `${half}${half}`]);
/** What they all become in UTF-8. */
const REPLACED = 'a\ufffd';

/** Text that becomes a key, and text that does not. */
export const keyCases: readonly BrokerCase[] = [
  [
    'half of a surrogate pair is refused in everything that becomes a key',
    async (bench) => {
      const queue = bench.open();
      const adds: Record<string, (text: string) => Promise<unknown>> = {
        jobId: (text) => bench.add(queue, { options: { jobId: text } }),
        'jobId of a host': (text) => queue.add('job', {}, { jobId: text }),
        'jobId of a bulk': (text) => queue.addBulk([{ name: 'job', data: {}, opts: { jobId: text } }]),
        'jobId of a schedule': (text) =>
          queue.add('job', {}, { repeat: { cron: '0 0 1 1 *', jobId: text } as JobOptions['repeat'] }),
        name: (text) => queue.add(text, {}),
        'debounce.id': (text) => queue.add('job', {}, { debounce: { id: text } } as JobOptions),
        'mq.idempotencyKey': (text) => bench.add(queue, { options: { mq: { idempotencyKey: text } } }),
        'mq.correlationId': (text) => bench.add(queue, { options: { mq: { correlationId: text } } }),
      };
      for (const [what, add] of Object.entries(adds)) {
        for (const text of ILL_FORMED) {
          const { code, message } = await rejectionOf(add(text));
          expect([what, code, message.includes('surrogate pair')]).toEqual([
            what,
            'INVALID_JOB_OPTIONS',
            true,
          ]);
        }
      }
      expect(await queue.count()).toBe(0);
    },
  ],
  [
    'pairs, and all other scripts, are ids as they are',
    async (bench) => {
      const queue = bench.open();
      const ids = ['😀', 'עברית', 'zażółć', '\u{10ffff}', REPLACED];
      for (const id of ids) expect(await bench.add(queue, { options: { jobId: id } })).toBe(id);
      const { runs } = await bench.work(queue);
      for (const id of ids) await bench.untilState(queue, id, 'completed');
      expect(runs).toEqual(ids);
    },
  ],
  [
    'an ill-formed id names no job, whatever UTF-8 makes of it',
    async (bench) => {
      const queue = bench.open();
      await bench.add(queue, { options: { jobId: REPLACED } });
      const halves = HALVES.map((half) => `a${half}`);
      for (const id of halves) {
        expect(await queue.getJob(id)).toBeNull();
        expect(await bench.broker.cancel(queue, id, 'no need')).toBe('not-found');
        await queue.removeJobs(id);
        expect(await queue.getJobLogs(id)).toEqual({ logs: [], count: 0 });
      }
      expect(await (await queue.getJob(REPLACED))?.getState()).toBe('waiting');
      await bench.work(queue, (taken) => failed(taken));
      await bench.untilState(queue, REPLACED, 'failed');
      const targets = halves.map((id) => ({ id }));
      const replay = { at: bench.broker.now(), by: 'a test' };
      expect(await bench.broker.replay(queue, targets, replay)).toEqual(new Set());
      expect(await bench.broker.discard(queue, targets)).toEqual(new Set());
      expect(await (await queue.getJob(REPLACED))?.getState()).toBe('failed');
    },
  ],
  [
    'payloads, results, progress and metadata keep such halves',
    async (bench) => {
      const queue: Queue = bench.open();
      const texts = [...ILL_FORMED, 'x\u0000\u2028é'];
      const metadata = Object.fromEntries(texts.map((text, i) => [`k${i}`, text]));
      const id = await bench.add(queue, { data: { texts }, options: { mq: { metadata } } });
      let seen: unknown;
      await bench.work(queue, async ({ job }) => {
        seen = [job.data, (job.opts as { mq?: { metadata?: unknown } }).mq?.metadata];
        await job.progress({ percentage: 50, step: texts.join() });
        return completed({ texts });
      });
      await bench.untilState(queue, id, 'completed');
      expect(seen).toEqual([{ texts }, metadata]);
      const job = await queue.getJob(id);
      expect(job?.data).toEqual({ texts });
      expect(job?.returnvalue).toEqual({ texts });
      expect(job?.progress()).toEqual({ percentage: 50, step: texts.join() });
    },
  ],
];
