import { DeadLetters } from './dead-letters.js';
import type { DeadLetterRecord } from './dead-letters.js';

function letter(number: number, further: Partial<DeadLetterRecord> = {}): DeadLetterRecord {
  return {
    id: `bus-${number}`,
    sequence: number,
    type: 'user.seen',
    priority: 'normal',
    correlationId: `bus-${number}`,
    emittedAt: 1,
    carried: undefined,
    json: JSON.stringify({ number }),
    attempts: 4,
    crashes: 0,
    lastError: { name: 'Error', message: 'no' },
    timestamp: 2,
    ...further,
  };
}

function lettersOf(count: number, max = 100): DeadLetters {
  const letters = new DeadLetters(max);
  for (let number = 1; number <= count; number += 1) letters.add(letter(number));
  return letters;
}

const all = (): boolean => true;
const idsOf = (letters: DeadLetters): string[] => letters.list().map(({ id }) => id);

it('are listed newest last, as hosts know events', () => {
  expect(lettersOf(2).list()).toEqual([
    expect.objectContaining({ id: 'bus-1' }),
    {
      id: 'bus-2',
      event: {
        type: 'user.seen',
        payload: { number: 2 },
        priority: 'normal',
        correlationId: 'bus-2',
        emittedAt: 1,
      },
      attempts: 4,
      crashes: 0,
      lastError: { name: 'Error', message: 'no' },
      timestamp: 2,
    },
  ]);
});

it('are at most so many: the oldest are dropped, and counted', () => {
  const letters = lettersOf(5, 2);
  expect(idsOf(letters)).toEqual(['bus-4', 'bus-5']);
  expect(letters.readings).toEqual({ kept: 2, total: 5, dropped: 3, replayed: 0, discarded: 0 });
  expect(lettersOf(1, 0).readings).toMatchObject({ kept: 0, dropped: 1 });
});

it('are not changed by who looks at them', () => {
  const letters = lettersOf(1);
  letters.list()[0]!.event.payload.number = 7;
  expect(letters.list()[0]!.event.payload).toEqual({ number: 1 });
});

it('are put back oldest first; what finds no room stays', () => {
  const letters = lettersOf(4);
  const put: string[] = [];
  const count = letters.replay(
    ({ id }) => id !== 'bus-1',
    ({ id }) => id !== 'bus-3' && put.push(id) > 0,
  );
  expect(count).toBe(2);
  expect(put).toEqual(['bus-2', 'bus-4']);
  expect(idsOf(letters)).toEqual(['bus-1', 'bus-3']);
  expect(letters.readings.replayed).toBe(2);
});

it('are thrown away, and counted', () => {
  const letters = lettersOf(3);
  expect(letters.discard(({ event }) => event.payload.number > 1)).toBe(2);
  expect(idsOf(letters)).toEqual(['bus-1']);
  expect(letters.readings.discarded).toBe(2);
});

it('stay as they are when the filter throws, or is async: a promise would mean all of them', () => {
  const letters = lettersOf(3);
  const late = async (): Promise<boolean> => false;
  const throws = ({ id }: { id: string }): boolean => {
    if (id === 'bus-3') throw new RangeError('no');
    return true;
  };
  expect(() => letters.discard(late)).toThrow(TypeError);
  expect(() => letters.replay(late, all)).toThrow(/at once/);
  expect(() => letters.discard(throws)).toThrow(RangeError);
  expect(() => letters.replay(throws, all)).toThrow(RangeError);
  expect(idsOf(letters)).toHaveLength(3);
});

it('keep one entry for an event that is replayed and dies again, as the newest', () => {
  const letters = lettersOf(2);
  letters.replay(({ id }) => id === 'bus-1', all);
  letters.add(letter(1));
  expect(idsOf(letters)).toEqual(['bus-2', 'bus-1']);
});
