import 'reflect-metadata';
import type { Plain } from '../../../../test/support/plain.js';
import { ShutdownError } from '../../jobs/errors.js';
import type { CleanupJobDto } from './cleanup-job.dto.js';
import { DAY, NOW, createdAt, old, setUp } from '../../../../test/support/cleanup-fixture.js';

const deleted: Plain<CleanupJobDto> = { cleanupType: 'deleted_conversations', batchSize: 10, createdAt };

describe('cleanup-messages: old_messages', () => {
  it('removes what is older than the days, in steps, with every trace', async () => {
    const { processor, context, addMessage, store, left, index, contents } = setUp();
    for (let at = 0; at < 25; at += 1) await addMessage(`old-${at}`, 91 + at);
    await addMessage('young', 89);
    const run = context();
    expect(await processor.processCleanup(old, run)).toEqual({
      ...{ cleanupType: 'old_messages', dryRun: false, matched: 25, removed: 25, finished: true },
    });
    expect(await left()).toEqual(['young']);
    expect((await index.search('harbour')).items.map(({ messageId }) => messageId)).toEqual(['young']);
    expect(await contents.findDecrypted('old-0')).toBeNull();
    expect(await contents.findDecrypted('young')).not.toBeNull();
    expect(store.recorder.callsOf('removeClaimed').map(({ args }) => args[0].length)).toEqual([10, 10, 5]);
    expect(run.reported.map(({ percentage, step }) => [percentage, step])).toEqual([
      [0, 'counting'],
      [40, 'removing'],
      [80, 'removing'],
      [99, 'removing'],
      [100, 'complete'],
    ]);
    expect(run.reported.at(-1)?.data).toEqual({ matched: 25, removed: 25 });
  });

  it('counts and touches nothing in a dry run', async () => {
    const { processor, context, addMessage, store, left } = setUp();
    await addMessage('old', 91);
    const result = await processor.processCleanup({ ...old, dryRun: true }, context());
    expect(result).toMatchObject({ dryRun: true, matched: 1, removed: 0, finished: true });
    expect(await left()).toEqual(['old']);
    expect(store.recorder.calls.map(({ method }) => method)).toEqual(['count']);
  });

  it('forgets devices that have said nothing for 60 days, with the old messages and whatever the days', async () => {
    const { processor, feed, context, signal } = setUp();
    const silentFor = (deviceId: string, days: number) =>
      feed.greet({ personId: 'ben', deviceId }, null, new Date(NOW - days * DAY), signal);
    await silentFor('lost', 61);
    await silentFor('used', 59);
    await processor.processCleanup({ ...old, cleanupType: 'deleted_conversations' }, context());
    expect(await feed.listDevices('ben')).toHaveLength(2);
    await processor.processCleanup({ ...old, retentionDays: 0 }, context());
    expect((await feed.listDevices('ben')).map(({ deviceId }) => deviceId)).toEqual(['used']);
  });

  it('leaves conversations under legal hold alone', async () => {
    const { processor, context, addMessage, conversations, messages } = setUp();
    await addMessage('held', 400, 'c-held');
    await addMessage('old', 400);
    await conversations.setLegalHold('c-held', true);
    expect(await processor.processCleanup(old, context())).toMatchObject({ matched: 1, removed: 1 });
    expect(await messages.find('held')).not.toBeNull();
    await conversations.setLegalHold('c-held', false);
    expect(await processor.processCleanup(old, context())).toMatchObject({ removed: 1 });
  });

  it('finishes what a crashed run began, whatever step it died in', async () => {
    const crash = new Error('crash');
    const crashes: readonly ((bench: ReturnType<typeof setUp>) => void)[] = [
      ({ index }) => index.recorder.fail('eraseTraces', crash),
      ({ contents }) => contents.recorder.fail('eraseTraces', crash),
      ({ files }) => files.recorder.fail('remove', crash),
      ({ attachments }) => attachments.recorder.fail('removeMany', crash),
      ({ index }) => index.recorder.fail('countTraces', crash),
      ({ store }) => store.recorder.fail('removeClaimed', crash),
    ];
    for (const plan of crashes) {
      const bench = setUp();
      await bench.addMessage('m-old', 91);
      await bench.addAttachment('old', null);
      plan(bench);
      const crashed = bench.processor.processCleanup(old, bench.context());
      await expect(crashed).rejects.toThrow(/crash|1 attachment files could not be removed/);
      expect(await bench.left()).toEqual([]);
      expect(await bench.processor.processCleanup(old, bench.context())).toMatchObject({ removed: 1 });
      expect((await bench.index.search('harbour')).items).toEqual([]);
      expect(await bench.contents.findDecrypted('m-old')).toBeNull();
      expect(await bench.files.read('old.png')).toBeNull();
      expect(await bench.attachments.find('old')).toBeNull();
      expect(await bench.processor.processCleanup(old, bench.context())).toMatchObject({
        matched: 0,
        removed: 0,
      });
    }
  });

  it('stops in time before the deadline; the next run goes on', async () => {
    const { processor, context, addMessage, clock, store, left } = setUp();
    for (let at = 0; at < 30; at += 1) await addMessage(`old-${at}`, 91 + at);
    const removeClaimed = store.removeClaimed.bind(store);
    store.removeClaimed = async (ids, signal) => {
      await clock.advance(30_000);
      return removeClaimed(ids, signal);
    };
    const run = context({ deadline: NOW + 60_000 });
    expect(await processor.processCleanup(old, run)).toMatchObject({
      matched: 30,
      removed: 20,
      finished: false,
    });
    expect(run.reported.at(-1)).toMatchObject({ percentage: 66, step: 'stopped at the deadline' });
    expect(await left()).toHaveLength(10);
    const next = await processor.processCleanup(old, context({ deadline: clock.now() + 600_000 }));
    expect(next).toMatchObject({ removed: 10, finished: true });
  });

  it("has as much time as before when the machine's clock is set", async () => {
    const { processor, context, addMessage, clock, store } = setUp();
    for (let at = 0; at < 30; at += 1) await addMessage(`old-${at}`, 91 + at);
    const removeClaimed = store.removeClaimed.bind(store);
    store.removeClaimed = async (ids, signal) => {
      await clock.advance(3_600_000);
      return removeClaimed(ids, signal);
    };
    const run = context();
    Object.defineProperty(run, 'deadline', { get: () => clock.now() + 60_000 });
    expect(await processor.processCleanup(old, run)).toMatchObject({ removed: 30, finished: true });
  });

  it('stops between steps when it is aborted', async () => {
    const { processor, context, addMessage, store, left } = setUp();
    for (let at = 0; at < 30; at += 1) await addMessage(`old-${at}`, 91 + at);
    const run = context();
    const removeClaimed = store.removeClaimed.bind(store);
    store.removeClaimed = async (ids, signal) => {
      const removed = await removeClaimed(ids, signal);
      run.abort(new ShutdownError('stopping'));
      return removed;
    };
    await expect(processor.processCleanup(old, run)).rejects.toBeInstanceOf(ShutdownError);
    expect(await left()).toHaveLength(20);
  });

  it('does not go round in circles with a store that removes nothing', async () => {
    const { processor, context, addMessage, store } = setUp();
    await addMessage('old', 91);
    store.removeClaimed = () => Promise.resolve(0);
    await expect(processor.processCleanup(old, context())).rejects.toThrow('removed none of 1 claimed');
  });
});

describe('cleanup-messages: what has a retention of its own', () => {
  it.each([
    ['old_inbox_entries', 90],
    ['old_ledger_entries', 30],
    ['old_batch_progress', 30],
  ] as const)('removes %s after %i days unless the job says otherwise', async (cleanupType, days) => {
    const { processor, context, inbox, ledger, batches, signal } = setUp();
    for (const age of [days + 1, days - 1, 2]) {
      const at = new Date(NOW - age * DAY);
      const told = { notificationId: `n-${age}`, recipientId: 'ben', messageId: null, conversationId: null };
      await inbox.add({ ...told, title: 'New', body: 'Text', createdAt: at }, signal);
      const line = {
        notificationId: `n-${age}`,
        target: 'in_app',
        recipientId: 'ben',
        type: 'in_app',
      } as const;
      await ledger.record({ ...line, outcome: 'sent', at }, signal);
      const figures = { chunksDone: 1, totalChunks: 1, recipients: 1, sent: 1, failed: 0, skipped: 0 };
      await batches.save({ batchId: `b-${age}`, segment: 0, ...figures, savedAt: at }, signal);
    }
    const job = { cleanupType, createdAt };
    expect(await processor.processCleanup({ ...job, dryRun: true }, context())).toMatchObject({ matched: 1 });
    expect(await processor.processCleanup(job, context())).toMatchObject({ removed: 1, finished: true });
    expect(await processor.processCleanup({ ...job, retentionDays: 1 }, context())).toMatchObject({
      removed: 2,
    });
  });
});

describe('cleanup-messages: deleted_conversations', () => {
  it('removes the messages and marks of conversations deleted 30 days ago', async () => {
    const { processor, context, addMessage, conversations, messages } = setUp();
    await addMessage('gone', 32, 'c-gone');
    await addMessage('again', 1, 'c-gone');
    await addMessage('fresh', 32, 'c-fresh');
    await addMessage('kept', 400);
    await conversations.markDeleted('c-gone', new Date(NOW - 31 * DAY));
    await conversations.markDeleted('c-fresh', new Date(NOW - 29 * DAY));
    expect(await processor.processCleanup(deleted, context())).toMatchObject({ matched: 1, removed: 1 });
    expect(await messages.find('gone')).toBeNull();
    expect(await messages.find('again')).not.toBeNull();
    expect(await messages.find('fresh')).toBeNull();
    expect(await messages.find('kept')).not.toBeNull();
    expect(await conversations.find('c-gone')).toBeNull();
    expect(await conversations.find('c-fresh')).not.toBeNull();
    const sooner = await processor.processCleanup({ ...deleted, retentionDays: 7 }, context());
    expect(sooner).toMatchObject({ removed: 1 });
  });
});
