import { ageInWords } from './age-in-words.js';

it.each([
  [-1, '0 s'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [3_599_000, '59 min'],
  [3_600_000, '1 h'],
  [12_000_000, '3 h 20 min'],
  [172_799_000, '47 h 59 min'],
  [172_800_000, '2 days'],
])('says of %i ms: %s', (ms, words) => {
  expect(ageInWords(ms)).toBe(words);
});
