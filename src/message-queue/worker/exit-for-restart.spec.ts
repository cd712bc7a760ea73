import { Logger } from '@nestjs/common';
import type { MessageQueueConfig } from '../message-queue.options.js';
import { exitForRestart } from './exit-for-restart.js';

describe('exitForRestart', () => {
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
    process.exitCode = undefined;
  });

  it('ends the process as a SIGTERM would, and for certain in the end; once', () => {
    jest.useFakeTimers();
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    const exit = jest.spyOn(process, 'exit').mockImplementation((() => undefined) as never);
    const config = { shutdownTimeoutMs: 1_000, abortGraceMs: 500 } as MessageQueueConfig;
    exitForRestart(config);
    exitForRestart(config);
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGTERM']]);
    expect(process.exitCode).toBe(1);
    jest.advanceTimersByTime(6_999);
    expect(exit).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(exit.mock.calls).toEqual([[1]]);
  });
});
