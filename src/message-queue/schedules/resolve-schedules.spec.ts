import type { Issue } from '../../kernel/errors.js';
import { Issues } from '../../kernel/values/issues.js';
import { BUILT_IN_QUEUES } from '../queues/queue-definitions.js';
import { defaultSchedules } from './default-schedules.js';
import { resolveSchedules } from './resolve-schedules.js';

const NOW = Date.UTC(2026, 5, 1);
const DEFAULTS = defaultSchedules({
  ...{ schedules: true, timeZone: 'Europe/Berlin', oldMessagesCron: '0 2 * * *', oldMessagesDays: 90 },
  ...{ deletedConversationsCron: 'off', deletedConversationsDays: 30, expiredAttachmentsCron: '0 3 * * *' },
});
const CLEANUP = {
  ...{ queue: 'message-cleanup', job: 'cleanup-messages' },
  ...{ payload: { cleanupType: 'expired_attachments' }, repeat: { every: 60_000 } },
};

function resolve(given: unknown): { schedules: readonly { key: string }[]; issues: Issue[] } {
  const issues = new Issues();
  const schedules = resolveSchedules(given, DEFAULTS, BUILT_IN_QUEUES, NOW, issues);
  return { schedules, issues: issues.list };
}

describe('the declared schedules', () => {
  it('are the defaults, each on or off, when nothing is declared', () => {
    const { schedules, issues } = resolve(undefined);
    expect(issues).toEqual([]);
    expect(schedules).toEqual(DEFAULTS);
    expect(DEFAULTS.map(({ key, repeat }) => [key, repeat])).toEqual([
      ['old_messages', { cron: '0 2 * * *', tz: 'Europe/Berlin' }],
      ['expired_attachments', { cron: '0 3 * * *', tz: 'Europe/Berlin' }],
    ]);
  });

  it('take the place of the default with the same key, also when they have ended', () => {
    const own = { ...CLEANUP, key: 'expired_attachments' };
    expect(resolve([own]).schedules).toEqual([DEFAULTS[0], own]);
    const ended = { ...own, repeat: { every: 60_000, endDate: new Date(NOW - 1) } };
    expect(resolve([ended])).toEqual({ schedules: [DEFAULTS[0]], issues: [] });
  });

  it('are named after their job unless they have a key, and need keys when there are two', () => {
    expect(resolve([CLEANUP]).schedules.at(-1)).toMatchObject({ key: 'cleanup-messages' });
    expect(resolve([CLEANUP, CLEANUP]).issues).toEqual([
      {
        path: 'schedules.1.key',
        message: expect.stringContaining('schedules.0 of the same queue') as string,
      },
    ]);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['no list', {}, 'schedules', /must be a list/],
    ['no object', [7], 'schedules.0', /must be \{ queue/],
    ['an unknown queue', [{ ...CLEANUP, queue: 'message-cleanp' }], 'schedules.0.queue', /message-cleanup/],
    ['an unknown job', [{ ...CLEANUP, job: 'cleanup' }], 'schedules.0.job', /cleanup-messages/],
    ['no payload', [{ ...CLEANUP, payload: undefined }], 'schedules.0.payload', /data of the job/],
    ['a wrong cron', [{ ...CLEANUP, repeat: { cron: '61 * * * *' } }], 'schedules.0.repeat.cron', /cron/],
    [
      'a limit',
      [{ ...CLEANUP, repeat: { every: 5, limit: 2 } }],
      'schedules.0.repeat.limit',
      /not an option/,
    ],
    ['a key with a colon', [{ ...CLEANUP, key: 'a:b' }], 'schedules.0.key', /letters/],
    ['a misspelled option', [{ ...CLEANUP, keey: 'a' }], 'schedules.0.keey', /key/],
  ])('are refused with %s', (_what, given, path, message) => {
    const { issues } = resolve(given);
    expect(issues).toEqual([{ path, message: expect.stringMatching(message) as string }]);
  });
});
