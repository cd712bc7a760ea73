import { EventHandlerRegistrationError } from '../events/errors.js';
import { EventTypes } from './event-types.js';

let types: EventTypes;

beforeEach(() => {
  types = new EventTypes();
});

it('have numbers that hold, whoever handles them', () => {
  expect(types.addInApp('a', null)).toBe(true);
  expect(types.addInApp('a', null)).toBe(false);
  expect(
    types.addInThreads([
      { type: 'b', place: 'threads' },
      { type: 'a', place: 'threads' },
    ]),
  ).toEqual(['b']);
  expect(types.addInThreads([{ type: 'b', place: 'threads' }])).toEqual([]);
  expect(types.names).toEqual(['a', 'b']);
  expect(types.of('b')).toBe(types.at(1));
  expect(types.of('c')).toBeUndefined();
});

it('are handled in threads where threads can, else in the app', () => {
  types.addInApp('a', 'threads');
  types.addInApp('b', null);
  types.addInThreads([{ type: 'a', place: 'threads' }]);
  expect(types.of('a')!.place).toBe('threads');
  expect(types.of('b')!.place).toBe('main');
  types.addInApp('a', null);
  expect(types.of('a')!.place).toBe('threads');
});

it.each<[string, (types: EventTypes) => unknown]>([
  [
    'main in the app, then threads in threads',
    (all) => {
      all.addInApp('a', 'main');
      all.addInThreads([{ type: 'a', place: 'threads' }]);
    },
  ],
  [
    'threads in threads, then main in the app',
    (all) => {
      all.addInThreads([{ type: 'a', place: 'threads' }]);
      all.addInApp('a', 'main');
    },
  ],
  [
    'threads in the app, then main in threads',
    (all) => {
      all.addInApp('a', 'threads');
      all.addInThreads([{ type: 'a', place: 'main' }]);
    },
  ],
  ['main in threads, and nothing in the app', (all) => all.addInThreads([{ type: 'a', place: 'main' }])],
])('refuse contradictions: %s', (_, add) => {
  expect(() => add(types)).toThrow(EventHandlerRegistrationError);
});

it('take main in threads where the app handles it', () => {
  types.addInApp('a', 'main');
  types.addInApp('b', null);
  types.addInThreads([
    { type: 'a', place: 'main' },
    { type: 'b', place: 'main' },
  ]);
  expect(types.of('a')!.place).toBe('main');
});
