import type { GroupStatus } from '../../../broker/groups-of-queue.js';
import type { QueueStats } from '../../../monitoring/queue-stats.js';
import { groupsPage } from './groups-page.js';
import type { GroupsView } from './groups-page.js';

const NOW = Date.UTC(2026, 10, 30);
const GROUPS = { holding: 0, parked: 0, paused: 0, sleeping: 0 };

describe('groupsPage', () => {
  const pageOf = (view: Partial<GroupsView>, groups: Partial<QueueStats['groups']> = {}): string =>
    groupsPage({
      ...{ address: '/board', title: 'Queues', queue: 'letters', gates: ['key'], now: NOW, cursor: null },
      queues: [{ name: 'letters', parked: 0 }],
      stats: { held: 0, oldestHeldMs: null, groups: { ...GROUPS, ...groups } } as QueueStats,
      look: { state: 'sleeping', cursor: null },
      groups: [],
      mayChange: true,
      ...view,
    });
  const group = (status: Partial<GroupStatus>): GroupStatus => ({
    ...{ gate: 'key', id: 'c-42', held: 1, admitted: 0, oldestHeldAt: NOW - 61_000 },
    ...status,
  });

  it('offers nothing to do to somebody who may only look', () => {
    const parked = { groups: [group({ parkedBy: { jobId: '7', since: NOW } })] } as Partial<GroupsView>;
    expect(pageOf(parked)).toContain('method="post"');
    expect(pageOf({ ...parked, mayChange: false })).not.toContain('method="post"');
  });

  it('says when a group opens, and nothing of one that has opened since', () => {
    expect(pageOf({ groups: [group({ opensAt: NOW + 20_000 })] })).toContain('opens in 20 s');
    const open = pageOf({ groups: [group({ opensAt: NOW - 1 })] });
    expect(open).not.toContain('opens in');
    expect(open).toContain('>1 min</time>');
  });

  it.each([
    [0, 'No group sleeps.</p>'],
    [1, 'A rate of the queue, or of a job name, is closed for now.'],
    [2, '2 rates of the queue, or of job names, are closed for now.'],
  ])('explains %i sleepers of which none is a group', (sleeping, says) => {
    expect(pageOf({}, { sleeping })).toContain(says);
  });

  it('leads to the next page, and back to the first', () => {
    const first = pageOf({ cursor: '100' });
    expect(first).toContain('href="/board/groups/letters?state=sleeping&#38;cursor=100" rel="next"');
    expect(first).not.toContain('First page');
    const last = pageOf({ look: { state: 'sleeping', cursor: '100' } });
    expect(last).toContain('<a href="/board/groups/letters?state=sleeping">First page</a>');
    expect(last).not.toContain('Next page');
  });

  it('runs nothing of what it shows', () => {
    const odd = '"><script>alert(1)</script>';
    const page = pageOf({
      queue: odd,
      queues: [{ name: odd, parked: 1 }],
      notice: { kind: 'done', about: odd, text: 'goes on.' },
      look: { gate: 'key', id: odd },
      groups: [group({ id: odd, parkedBy: { jobId: odd, since: NOW }, paused: { reason: odd, since: NOW } })],
    });
    expect(page).not.toContain('<script>');
    expect(page.split('&#34;&#62;&#60;script&#62;').length).toBeGreaterThan(8);
  });
});
