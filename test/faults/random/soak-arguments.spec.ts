import { soakRequest } from './soak-arguments.js';

describe('arguments of the soak', () => {
  it('are ten minutes and any seed by default', () => {
    expect(soakRequest([])).toEqual({ kind: 'run', minutes: 10, seed: null });
  });

  it('are minutes, then a seed', () => {
    expect(soakRequest(['0.5', '0'])).toEqual({ kind: 'run', minutes: 0.5, seed: 0 });
    expect(soakRequest(['1440', '4294967295'])).toEqual({ kind: 'run', minutes: 1440, seed: 4294967295 });
  });

  it.each([['--help'], ['-h'], ['2', '--help']])('ask for help: %s %s', (...args) => {
    expect(soakRequest(args)).toEqual({ kind: 'help' });
  });

  it.each([
    [['0'], 'minutes is "0"'],
    [['-1'], 'minutes is "-1"'],
    [['1441'], 'minutes is "1441"'],
    [['ten'], 'minutes is "ten"'],
    [['0x10'], 'minutes is "0x10"'],
    [[''], 'minutes is ""'],
    [['2', '1.5'], 'seed is "1.5"'],
    [['2', '-1'], 'seed is "-1"'],
    [['2', '4294967296'], 'seed is "4294967296"'],
    [['2', 'x'], 'seed is "x"'],
    [['2', '3', '4'], '"4" is not known'],
    [['--seed=3'], '"--seed=3" is not known'],
  ])('%j are refused with one line', (args, says) => {
    const request = soakRequest(args);
    expect(request).toEqual({ kind: 'refused', reason: expect.stringContaining(says) });
    expect(request).toHaveProperty('reason', expect.not.stringContaining('\n'));
  });
});
