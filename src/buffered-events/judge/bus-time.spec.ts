import { BusTime } from './bus-time.js';

it('counts turns from their begin to their end, one within another once', () => {
  let now = 0;
  const time = new BusTime(() => now);
  time.enter();
  now = 2;
  time.enter();
  now = 5;
  expect(time.enteredAt).toBe(2);
  time.leave();
  expect(time.totalMs).toBe(0);
  now = 6;
  time.leave();
  now = 100;
  time.enter();
  now = 101;
  time.leave();
  expect(time.totalMs).toBe(7);
});
