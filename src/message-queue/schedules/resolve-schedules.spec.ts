import type { Issue } from '../../kernel/errors.js';
import { Issues } from '../../kernel/values/issues.js';
import { BUILT_IN_QUEUES } from '../queues/queue-definitions.js';
import { defaultSchedules } from './default-schedules.js';
import { resolveSchedules } from './resolve-schedules.js';

const NOW = Date.UTC(2026, 5, 1);
const DEFAULTS = defaultSchedules({
  ...{ schedules: true, timeZone: 'Europe/Berlin', oldMessagesCron: '0 2 * * *', oldMessagesDays: 90 },
  ...{ deletedConversationsCron: 'off', deletedConversationsDays: 30, expiredAttachmentsCron: '0 3 * * *' },
  ...{ oldRecordsCron: 'off', inboxDays: 90, ledgerDays: 30, batchProgressDays: 30 },
});
const CLEANUP = {
  ...{ job: 'cleanup-messages', payload: { cleanupType: 'expired_attachments' } },
  repeat: { every: 60_000 },
};

/** @param registered what each registration of the clean-up queue declares */
function resolve(...registered: unknown[]): { schedules: readonly { key: string }[]; issues: Issue[] } {
  const issues = new Issues();
  const given = registered.map((schedules) => ({ queue: 'message-cleanup', schedules }));
  const schedules = resolveSchedules(given, DEFAULTS, BUILT_IN_QUEUES, NOW, issues);
  return { schedules, issues: issues.list };
}

describe('the declared schedules', () => {
  it('are the defaults, each on or off, when nothing is declared', () => {
    const { schedules, issues } = resolve();
    expect(issues).toEqual([]);
    expect(schedules).toEqual(DEFAULTS);
    expect(DEFAULTS.map(({ key, repeat }) => [key, repeat])).toEqual([
      ['old_messages', { cron: '0 2 * * *', tz: 'Europe/Berlin' }],
      ['expired_attachments', { cron: '0 3 * * *', tz: 'Europe/Berlin' }],
    ]);
  });

  it('give inbox, ledger and progress of batches a retention each', () => {
    const own = defaultSchedules({
      ...{ schedules: true, oldMessagesCron: 'off', oldMessagesDays: 90, deletedConversationsCron: 'off' },
      ...{ deletedConversationsDays: 30, expiredAttachmentsCron: 'off', oldRecordsCron: '30 3 * * *' },
      ...{ inboxDays: 90, ledgerDays: 31, batchProgressDays: 32 },
    });
    expect(own.map(({ payload, repeat }) => [payload, repeat])).toEqual(
      [
        { cleanupType: 'old_inbox_entries', retentionDays: 90 },
        { cleanupType: 'old_ledger_entries', retentionDays: 31 },
        { cleanupType: 'old_batch_progress', retentionDays: 32 },
      ].map((payload) => [payload, { cron: '30 3 * * *' }]),
    );
  });

  it('take the place of the default with the same key, also when their end has passed on this machine', () => {
    const own = { ...CLEANUP, key: 'expired_attachments' };
    expect(resolve([own]).schedules).toEqual([DEFAULTS[0], { queue: 'message-cleanup', ...own }]);
    const ended = { ...own, repeat: { every: 60_000, endDate: new Date(NOW - 1) } };
    const kept = { queue: 'message-cleanup', ...ended };
    expect(resolve([ended])).toEqual({ schedules: [DEFAULTS[0], kept], issues: [] });
  });

  it('are named after their job unless they have a key, and need keys when there are two', () => {
    expect(resolve([CLEANUP]).schedules.at(-1)).toMatchObject({ key: 'cleanup-messages' });
    for (const { issues } of [
      resolve([CLEANUP, CLEANUP]),
      resolve([{ ...CLEANUP, key: 'a' }, CLEANUP], [CLEANUP]),
    ]) {
      expect(issues).toEqual([
        {
          path: expect.stringMatching(/^message-cleanup\.schedules\.\d\.key$/) as string,
          message: expect.stringMatching(/"cleanup-messages".*a key of its own/) as string,
        },
      ]);
    }
  });

  it.each<[string, unknown, string, RegExp]>([
    ['no list', {}, 'message-cleanup.schedules', /must be a list/],
    ['no object', [7], 'message-cleanup.schedules.0', /must be a schedule\(/],
    [
      'an unknown job',
      [{ ...CLEANUP, job: 'cleanup' }],
      'message-cleanup.schedules.0.job',
      /cleanup-messages/,
    ],
    [
      'no payload',
      [{ ...CLEANUP, payload: undefined }],
      'message-cleanup.schedules.0.payload',
      /data of the job/,
    ],
    [
      'a wrong cron',
      [{ ...CLEANUP, repeat: { cron: '61 * * * *' } }],
      'message-cleanup.schedules.0.repeat.cron',
      /cron/,
    ],
    [
      'a limit',
      [{ ...CLEANUP, repeat: { every: 5_000, limit: 2 } }],
      'message-cleanup.schedules.0.repeat.limit',
      /not an option/,
    ],
    ['a key with a colon', [{ ...CLEANUP, key: 'a:b' }], 'message-cleanup.schedules.0.key', /letters/],
    ['a misspelled option', [{ ...CLEANUP, keey: 'a' }], 'message-cleanup.schedules.0.keey', /key/],
  ])('are refused with %s', (_what, given, path, message) => {
    const { issues } = resolve(given);
    expect(issues).toEqual([{ path, message: expect.stringMatching(message) as string }]);
  });
});
