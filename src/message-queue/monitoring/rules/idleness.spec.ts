import { NO_FLOW } from '../../broker/groups-of-queue.js';
import type { FlowCounts } from '../../broker/groups-of-queue.js';
import type { QueueSnapshot } from '../../broker/broker.js';
import { looksIdle } from './idleness.js';

const WAITING = { waiting: 5, active: 0, isPaused: false, oldestWaitingAt: 1_000 } as QueueSnapshot;

describe('looksIdle', () => {
  it.each<[what: string, snapshot: Partial<QueueSnapshot>, flow: Partial<FlowCounts>, idle: boolean]>([
    ['jobs that nobody takes', {}, {}, true],
    ['some of which a group holds', {}, { held: 4 }, true],
    ['all of which groups hold', {}, { held: 5 }, false],
    ['closed for now by a rate', {}, { sleeping: 1 }, false],
    ['of a queue that is paused', { isPaused: true }, {}, false],
    ['beside one that runs', { active: 1 }, {}, false],
    ['that were just added', { oldestWaitingAt: 2_000 }, {}, false],
    ['of which there are none', { waiting: 0, oldestWaitingAt: null }, {}, false],
  ])('looks at jobs %s', (_what, snapshot, flow, idle) => {
    expect(looksIdle({ ...WAITING, ...snapshot, flow: { ...NO_FLOW, ...flow } }, 2_000)).toBe(idle);
  });
});
