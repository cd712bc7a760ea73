import { consumer, QUIET, SETTINGS } from '../../../test/support/judged-bus.js';
import type { EventDeadLetterFilter } from '../bus/event-bus.js';
import type { EventDeadLetter } from '../events/event-words.js';
import { ManualClock } from '../../kernel/time/manual-clock.js';
import { BusJudge } from './bus-judge.js';
import { MonitoredBus } from './monitored-bus.js';

const SECRET = 'a-secret-of-somebody';

function letter(id: string): EventDeadLetter {
  const event = {
    type: 'user.seen',
    payload: { word: SECRET },
    priority: 'normal',
    correlationId: SECRET,
    emittedAt: 1,
  };
  const lastError = { name: 'TypeError', message: SECRET, stack: SECRET };
  return { id, event, attempts: 4, crashes: 0, lastError, timestamp: 7 } as EventDeadLetter;
}

function monitored(letters: readonly EventDeadLetter[] = []) {
  const readings = () => ({ ...QUIET, consumers: [consumer({ owner: 2, running: 1, done: 3, failed: 1 })] });
  const judge = new BusJudge({ readings, clock: new ManualClock(), settings: SETTINGS });
  const kept = (which?: EventDeadLetterFilter): Promise<number> =>
    Promise.resolve(letters.filter(which ?? (() => true)).length);
  return new MonitoredBus(
    { readings, deadLetters: () => letters, replayDeadLetters: kept, discardDeadLetters: kept },
    judge,
  );
}

describe('the bus as operations show it', () => {
  it('tells what each thread did, and nothing that is not a number', () => {
    const reading = monitored().read();
    expect(reading).toMatchObject({ status: 'healthy', done: 3, failed: 1, isFallback: false });
    expect(reading.places).toEqual([{ owner: 2, isLive: true, running: 1, done: 3, failed: 1 }]);
    expect(JSON.stringify(reading)).not.toContain('null');
  });

  it('shows the newest dead letters first, and no content', () => {
    const bus = monitored(['a', 'b', 'c'].map(letter));
    expect(bus.deadLetters(2).map(({ id }) => id)).toEqual(['c', 'b']);
    expect(bus.deadLetters(9)[0]).toEqual({
      ...{ id: 'c', type: 'user.seen', error: 'TypeError', attempts: 4, crashes: 0, at: 7 },
    });
    expect(JSON.stringify(bus.deadLetters(9))).not.toContain(SECRET);
    expect(bus.deadLetters(0)).toEqual([]);
  });

  it('changes those that are named, or all', async () => {
    const bus = monitored(['a', 'b', 'c'].map(letter));
    expect(await bus.replay(['a', 'none'])).toBe(1);
    expect(await bus.discard([])).toBe(0);
    expect(await bus.discard(undefined)).toBe(3);
  });
});
