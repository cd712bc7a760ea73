import { environmentOf, opensUnlocked } from './environment-name.js';

describe('the name of an environment', () => {
  it.each(['development', 'test'])('%j opens what has no lock of its own', (named) => {
    expect(environmentOf(named)).toBe(named);
    expect(opensUnlocked(environmentOf(named))).toBe(true);
  });

  it('that nobody said has the convenient defaults, and opens nothing', () => {
    expect(environmentOf(undefined)).toBe('unset');
    expect(opensUnlocked('unset')).toBe(false);
  });

  it.each([
    ...[
      'production',
      'staging',
      'prod',
      'dev',
      'local',
      'ci',
      'unset',
      'undefined',
      'null',
      '0',
      'false',
      '',
    ],
    ...['Development', 'DEVELOPMENT', 'development ', ' development', 'Development ', 'test\n', 'testing'],
    ...['development,test', '"development"', 'developm\u0435nt', null, 0, true, ['development'], {}],
  ])('that is %j counts as production', (named) => {
    expect(environmentOf(named)).toBe('production');
    expect(opensUnlocked(environmentOf(named))).toBe(false);
  });
});
