import type { Queue } from 'bull';
import { SealedPayload } from '../../../src/message-queue/admission/payloads/json-payload.js';
import type { AddRequest } from '../../../src/message-queue/broker/broker.js';
import { SEALED_FIELD } from '../../../src/message-queue/jobs/sealing/payload-seal.js';
import type {
  StoredTexts,
  TextReader,
  TextReplacement,
} from '../../../src/message-queue/jobs/sealing/stored-texts.js';
import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import { completed, failed } from './broker-bench.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

const [OLD, NEW] = ['T0xE', 'TkVX'];
const sealed = (text: string): object => ({ [SEALED_FIELD]: text });

/** A run whose failure has a sealed text. */
function failedSealed(taken: TakenJob): Settlement {
  const settlement = failed(taken);
  if (settlement.kind !== 'failed') return settlement;
  return { ...settlement, failure: { ...settlement.failure, sealed: OLD } };
}

/** Adds a job whose payload looks sealed. */
function addSealed(bench: BrokerBench, queue: Queue, over: Partial<AddRequest> = {}): Promise<string> {
  const json = JSON.stringify({ n: 1, ...sealed(OLD) });
  return bench.add(queue, { data: new SealedPayload(json, json.length), ...over });
}

/** Replaces the old text wherever it stands, and remembers what it was shown. */
function replacing(shown: StoredTexts[] = []): TextReader {
  return (texts) => {
    shown.push(texts);
    const fields = (['data', 'progress', 'returnvalue'] as const).filter((field) =>
      texts[field]?.includes(OLD),
    );
    const replacements = fields.map((field): TextReplacement => ({ field, was: OLD, is: NEW }));
    const failures = texts.failures.filter((text) => text === OLD);
    return Promise.resolve({
      replacements: [
        ...replacements,
        ...failures.map((was): TextReplacement => ({ field: 'opts', was, is: NEW })),
      ],
      isLeft: false,
    });
  };
}

/** All that is stored of a job but its sealed text. */
async function recordOf(queue: Queue, id: string): Promise<unknown> {
  const job = await queue.getJob(id);
  return { ...job?.toJSON(), data: null, state: await job?.getState() };
}

async function payloadOf(queue: Queue, id: string): Promise<unknown> {
  return (await queue.getJob(id))?.data as unknown;
}

/** Replacing the sealed texts of what is stored. */
export const textCases: readonly BrokerCase[] = [
  [
    'replaces a sealed text in every state, and nothing else of the job',
    async (bench) => {
      const queue = bench.open();
      const done = await addSealed(bench, queue);
      const dead = await addSealed(bench, queue, { options: { attempts: 1 } });
      const { worker } = await bench.work(queue, async (taken) => {
        if (taken.job.id === dead) return failedSealed(taken);
        await taken.job.progress({ percentage: 50, data: sealed(OLD) });
        return completed(sealed(OLD));
      });
      await bench.untilState(queue, done, 'completed');
      await bench.untilState(queue, dead, 'failed');
      await worker.stopFetching();
      await queue.pause();
      const waiting: string[] = [];
      for (const options of [{}, { priority: 1 }, { priority: 9 }, { lifo: true }, { delay: 3_600_000 }]) {
        waiting.push(await addSealed(bench, queue, { options }));
      }
      const plain = await bench.add(queue);
      await bench.broker.addOnce(queue, {
        name: 'job',
        data: new SealedPayload(JSON.stringify(sealed(OLD)), 1),
        options: { repeat: { every: 3_600_000 } },
      });
      const ids = [done, dead, ...waiting, plain];
      const [before, counts] = [
        await Promise.all(ids.map((id) => recordOf(queue, id))),
        await queue.getJobCounts(),
      ];
      const shown: StoredTexts[] = [];
      // The schedule, and its run that is planned.
      expect(await bench.broker.replaceTexts(queue, replacing(shown))).toEqual({ replaced: 9, left: 0 });
      expect(shown.map(({ id }) => id)).not.toContain(plain);
      expect(shown.every(({ name }) => name === 'job')).toBe(true);
      for (const id of [done, dead, ...waiting]) {
        expect(await payloadOf(queue, id)).toEqual({ n: 1, ...sealed(NEW) });
      }
      const after = await Promise.all(ids.map((id) => recordOf(queue, id)));
      expect(after[0]).toMatchObject({
        progress: { percentage: 50, data: sealed(NEW) },
        returnvalue: sealed(NEW),
      });
      expect(after[1]).toMatchObject({ opts: { mq: { failures: [{ message: 'no', sealed: NEW }] } } });
      const unsealed = (text: unknown): unknown => JSON.parse(JSON.stringify(text).replaceAll(NEW, OLD));
      expect(unsealed(after)).toEqual(unsealed(before));
      expect(await queue.getJobCounts()).toEqual(counts);
      const [schedule] = await bench.broker.schedulesOf(queue).look();
      expect(schedule?.schedule.record?.data).toBe(JSON.stringify(sealed(NEW)));
      expect(schedule?.run).toBe('delayed');
      expect(await bench.broker.replaceTexts(queue, replacing())).toEqual({ replaced: 0, left: 0 });
    },
  ],
  [
    'reads more than one page, in either direction',
    async (bench) => {
      const queue = bench.open();
      const json = JSON.stringify(sealed(OLD));
      const requests = Array.from({ length: 601 }, () => ({
        name: 'job',
        data: new SealedPayload(json, json.length),
        options: {},
      }));
      for (const isBackward of [false, true]) {
        await bench.addAll(queue, requests);
        expect(await bench.broker.replaceTexts(queue, replacing(), { isBackward })).toEqual({
          replaced: 601,
          left: 0,
        });
      }
    },
  ],
  [
    'leaves the text of a job that a worker has, and says so',
    async (bench) => {
      const queue = bench.open();
      let end = (): void => undefined;
      const ending = new Promise<void>((resolve) => (end = resolve));
      const id = await addSealed(bench, queue);
      await bench.work(queue, async () => {
        await ending;
        return completed();
      });
      await bench.untilState(queue, id, 'active');
      expect(await bench.broker.replaceTexts(queue, replacing())).toEqual({ replaced: 0, left: 1 });
      expect(await payloadOf(queue, id)).toEqual({ n: 1, ...sealed(OLD) });
      end();
      await bench.untilState(queue, id, 'completed');
      expect(await bench.broker.replaceTexts(queue, replacing())).toEqual({ replaced: 1, left: 0 });
    },
  ],
  [
    'overwrites nothing that changed, was taken or was removed since it was read',
    async (bench) => {
      const queue = bench.open();
      const changed = await bench.add(queue, { options: { delay: 3_600_000 } });
      await (await queue.getJob(changed))?.progress(sealed(OLD));
      const removed = await addSealed(bench, queue);
      const taken = await addSealed(bench, queue);
      const read = replacing();
      let end = (): void => undefined;
      const ending = new Promise<void>((resolve) => (end = resolve));
      let isFirst = true;
      const report = await bench.broker.replaceTexts(queue, async (texts) => {
        const verdict = await read(texts);
        if (!isFirst) return verdict;
        isFirst = false;
        await (await queue.getJob(changed))?.progress({ data: 'other' });
        await (await queue.getJob(removed))?.remove();
        await bench.work(queue, async () => {
          await ending;
          return completed();
        });
        await bench.untilState(queue, taken, 'active');
        return verdict;
      });
      expect(report.replaced).toBe(0);
      expect(await (await queue.getJob(changed))?.progress()).toEqual({ data: 'other' });
      expect(await payloadOf(queue, taken)).toEqual({ n: 1, ...sealed(OLD) });
      expect(await queue.getJob(removed)).toBeNull();
      end();
      await bench.untilState(queue, taken, 'completed');
    },
  ],
  [
    'replaces the text of a dead letter that is replayed meanwhile, and keeps what the replay wrote',
    async (bench) => {
      const queue = bench.open();
      const id = await addSealed(bench, queue, { options: { attempts: 1 } });
      const { worker } = await bench.work(queue, failedSealed);
      await bench.untilState(queue, id, 'failed');
      await worker.stopFetching();
      const read = replacing();
      await bench.broker.replaceTexts(queue, async (texts) => {
        if ((await (await queue.getJob(id))?.getState()) === 'failed') {
          await bench.broker.replay(queue, [{ id }], { at: 1, by: 'a test' });
        }
        return read(texts);
      });
      const job = await queue.getJob(id);
      expect(job).toMatchObject({ data: { n: 1, ...sealed(NEW) }, attemptsMade: 0 });
      expect(job?.opts).toMatchObject({ mq: { replays: [{ by: 'a test' }], failures: [{ sealed: NEW }] } });
    },
  ],
  [
    'counts as left what its reader says is, and stops when it is told to',
    async (bench) => {
      const queue = bench.open();
      await addSealed(bench, queue);
      const nothing = { replacements: [], isLeft: true };
      const leaving: TextReader = () => Promise.resolve(nothing);
      expect(await bench.broker.replaceTexts(queue, leaving)).toEqual({ replaced: 0, left: 1 });
      const enough = AbortSignal.abort(new Error('enough'));
      await expect(bench.broker.replaceTexts(queue, leaving, { signal: enough })).rejects.toThrow('enough');
    },
  ],
];
