import { closestTo, didYouMean } from './did-you-mean.js';

describe('closestTo', () => {
  const words = ['priority', 'delay', 'attempts', 'backoff', 'REDIS_PORT'];

  it.each([
    ['prioriy', 'priority'],
    ['dealy', 'delay'],
    ['attemps', 'attempts'],
    ['Backof', 'backoff'],
    ['redis_prot', 'REDIS_PORT'],
  ])('%s → %s', (word, expected) => {
    expect(closestTo(word, words)).toBe(expected);
  });

  it('stays silent when nothing is near', () => {
    expect(closestTo('colour', words)).toBeUndefined();
    expect(closestTo('', words)).toBeUndefined();
    expect(didYouMean('zzz', words)).toBe('');
  });

  it('reads as a question', () => {
    expect(didYouMean('delya', words)).toBe(' Did you mean "delay"?');
  });
});
