import { Logger } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { SafeLogger } from './safe-logger.js';

describe('SafeLogger', () => {
  const lines: unknown[][] = [];
  const write = (...line: unknown[]): void => void lines.push(line);
  const host: Required<Pick<LoggerService, 'log' | 'error' | 'warn' | 'debug'>> = {
    log: write,
    error: write,
    warn: write,
    debug: write,
  };

  beforeEach(() => Logger.overrideLogger(host));
  afterEach(() => {
    Logger.overrideLogger(['error']);
    jest.restoreAllMocks();
  });

  it('passes lines on as Nest’s does', () => {
    const logger = new SafeLogger('Here');
    logger.log('a line', 5);
    logger.error('an error', 'its stack');
    // The host's has no such level.
    logger.verbose('more');
    expect(lines).toEqual([
      ['a line', 5, 'Here'],
      ['an error', 'its stack', 'Here'],
    ]);
  });

  it('loses only the line when the host’s logger throws, or rejects', async () => {
    const told = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const before = SafeLogger.failures;
    jest.spyOn(host, 'warn').mockImplementation(() => {
      throw new Error('disk full');
    });
    jest.spyOn(host, 'error').mockImplementation(() => Promise.reject(new Error('socket closed')) as never);
    const logger = new SafeLogger('Here');
    expect(() => logger.warn('a line')).not.toThrow();
    logger.error('another');
    await new Promise(setImmediate);
    expect(SafeLogger.failures - before).toBe(2);
    expect(told).toHaveBeenCalledTimes(1);
  });

  it('follows a logger that is set later, and one that is turned off', () => {
    const logger = new SafeLogger('Here');
    logger.log('first');
    Logger.overrideLogger(false);
    expect(() => logger.log('nobody')).not.toThrow();
    const heard: unknown[] = [];
    Logger.overrideLogger({ ...host, log: (line: unknown) => void heard.push(line) });
    logger.log('second');
    expect(heard).toEqual(['second']);
  });
});
