import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { abandonable } from './abandonable.js';
import { HostCode } from './host-code.js';
import { inOwnContext, inRootContext } from './root-context.js';

const boom = new Error('boom');

describe('HostCode', () => {
  let host: HostCode;
  let logged: jest.SpyInstance;

  beforeEach(() => {
    host = new HostCode();
    logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });
  afterEach(() => logged.mockRestore());

  const rejecting = {
    // As libraries with promises of their own do.
    then: (_resolve: unknown, reject: (error: Error) => void) => reject(boom),
  };
  const unreadable = {
    get then(): unknown {
      throw boom;
    },
  };

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['rejects', () => Promise.reject(boom)],
    ['returns something that rejects', () => rejecting],
    ['returns something that throws when it is looked at', () => unreadable],
  ])('logs and counts code that %s', async (_how, code) => {
    host.call('a listener', 'mail', code);
    await new Promise(setImmediate);
    expect(host.failuresOf('mail', 1_000)).toEqual({ count: 1, recent: ['a listener'] });
    expect(host.failuresOf('other', 1_000)).toEqual({ count: 0, recent: [] });
    expect(logged).toHaveBeenCalledTimes(1);
  });

  it('counts what fails for no queue in particular for each of them', () => {
    host.failed('a notifier', undefined, boom);
    expect(host.failuresOf('mail', 1_000).count).toBe(1);
  });

  it('writes one line about many failures of one kind', () => {
    for (let i = 0; i < 100; i++) host.failed('a listener', 'mail', boom);
    host.failed('another', 'mail', boom);
    expect(logged).toHaveBeenCalledTimes(2);
    expect(host.failuresOf('mail', 1_000).count).toBe(101);
  });

  it('leaves out what errors say that concern a queue with content, and names their places', () => {
    host = new HostCode((queue) => queue === 'letters');
    const secret = new TypeError('meet me at the Fernsehturm', { cause: boom });
    host.failed('a listener', 'letters', secret);
    host.failed('a listener', 'mail', secret);
    const [sealed, open] = logged.mock.calls.map((call: unknown[]) => String(call[1]));
    expect(sealed).toMatch(/^TypeError: \[text left out\]\n {4}at .*host-code\.spec/);
    expect(open).toBe(secret.stack);
  });

  it('takes no promise for an answer', async () => {
    expect(host.ask('a rule', 'mail', () => 5, 0)).toBe(5);
    expect(host.ask<unknown>('a rule', 'mail', () => Promise.reject(boom), 0)).toBe(0);
    await new Promise(setImmediate);
    expect(host.failuresOf('mail', 1_000).count).toBe(1);
  });
});

describe('A context of one’s own', () => {
  const storage = new AsyncLocalStorage<string>();

  it('knows nothing of the caller, and neither does what follows from it', async () => {
    const seen: unknown[] = [];
    await storage.run('a request', async () => {
      await inOwnContext(async () => {
        seen.push(storage.getStore());
        await new Promise(setImmediate);
        seen.push(storage.getStore());
      });
      await inRootContext(() => new Promise((resolve) => setTimeout(resolve, 1))).then(() => undefined);
      seen.push(storage.getStore());
    });
    expect(seen).toEqual([undefined, undefined, 'a request']);
  });

  it('leaves nothing behind of what is entered in it', () => {
    inOwnContext(() => storage.enterWith('the first'));
    expect([inOwnContext(() => storage.getStore()), inRootContext(() => storage.getStore())]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('An abandonable call', () => {
  it('may fail when nobody waits for it any more, and is told to whoever does', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const call = abandonable(() => Promise.reject(boom));
    void call();
    await new Promise(setImmediate);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    await expect(call()).rejects.toBe(boom);
  });
});
