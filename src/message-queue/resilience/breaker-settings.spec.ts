import { breakerSettingsOf } from './breaker-settings.js';

describe('the settings of a breaker', () => {
  const isFailure = (): boolean => false;
  const options = {
    failureThreshold: 9,
    dependencies: {
      notification: { halfOpenAfterMs: 1 },
      'notification:push': { failureThreshold: 2, halfOpenAfterMs: 2 },
      'notification:push:fcm': { isFailure, halfOpenAfterMs: undefined as never },
    },
  };
  const of = (dependency: string): unknown => {
    const { failureThreshold, halfOpenAfterMs } = breakerSettingsOf(dependency, options);
    return [failureThreshold, halfOpenAfterMs];
  };

  it('are those of each name that it is part of, and its own', () => {
    expect(of('search')).toEqual([9, 30_000]);
    expect(of('notification:email')).toEqual([9, 1]);
    expect(of('notification:push')).toEqual([2, 2]);
    expect(of('notification:push:web:push.example:8443')).toEqual([2, 2]);
    expect(of('notification:push:fcm')).toEqual([2, 2]);
    expect(of('notification:pushes')).toEqual([9, 1]);
    expect(breakerSettingsOf('notification:push:fcm', options).isFailure).toBe(isFailure);
    expect(breakerSettingsOf('constructor:toString', options).failureThreshold).toBe(9);
  });
});
