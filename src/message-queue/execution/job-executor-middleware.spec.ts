import 'reflect-metadata';
import { UnrecoverableJobError } from '../jobs/errors.js';
import { Note, Stage, resultOf, failed, latch } from '../../../test/support/job-executor-fixture.js';

describe('middleware', () => {
  it('sees payload and context, and its errors count as the handler’s', async () => {
    const stage = new Stage();
    stage.middleware.use((context) => {
      expect(context.payload).toBeInstanceOf(Note);
      expect(context.signal).toBeInstanceOf(AbortSignal);
      return Promise.reject(new UnrecoverableJobError('not today'));
    });
    expect((await failed(stage.run())).retryDelayMs).toBeNull();
  });

  it('cannot end the run before the handler has settled', async () => {
    const stage = new Stage();
    const later = latch();
    stage.handle = () => later.promise;
    stage.middleware.use((_context, next) => {
      void next();
      return Promise.resolve('early');
    });
    let settled = false;
    const outcome = stage.run().finally(() => (settled = true));
    await stage.clock.advance(100);
    expect(settled).toBe(false);
    later.resolve(undefined);
    expect(resultOf(await outcome)).toBe('early');
  });

  it('that does not wait for next() leaves no unhandled rejection behind', async () => {
    const stage = new Stage();
    stage.handle = () => Promise.reject(new Error('nobody waits for it'));
    stage.middleware.use((_context, next) => {
      void next();
      return Promise.resolve('early');
    });
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    await stage.run();
    await stage.clock.advance(0);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
