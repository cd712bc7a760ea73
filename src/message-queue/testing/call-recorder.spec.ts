import { recorded } from './recorded.js';

class Adapter {
  readonly #sum = 2;
  readonly type = 'adding';
  closed = 0;
  optional?(): void;

  async add(n: number, _?: AbortSignal): Promise<number> {
    if (n < 0) throw new RangeError('below 0');
    return Promise.resolve(n + this.#sum);
  }

  async search(_: string, options: { readonly signal?: AbortSignal } = {}): Promise<string[]> {
    options.signal?.throwIfAborted();
    return Promise.resolve([]);
  }

  now(): number {
    return 7;
  }

  onModuleDestroy(): void {
    this.closed += 1;
  }
}

const settlesOf = (promise: Promise<unknown>): (() => boolean) => {
  let settled = false;
  void promise.catch(() => undefined).finally(() => (settled = true));
  return () => settled;
};

describe('recorded', () => {
  it('passes calls on to the adapter itself, and remembers them', async () => {
    const adapter = recorded(new Adapter());
    const { signal } = new AbortController();
    expect(await adapter.add(1, signal)).toBe(3);
    await expect(adapter.add(-1)).rejects.toThrow('below 0');
    expect([adapter.now(), adapter.type, adapter.optional]).toEqual([7, 'adding', undefined]);
    expect(adapter).toBeInstanceOf(Adapter);
    expect(adapter.recorder.callsOf('add').map(({ args }) => args)).toEqual([[1, signal], [-1]]);
    expect(adapter.recorder.calls.map(({ method }) => method)).toEqual(['add', 'add', 'now']);
  });

  it('leaves a function what it carries beside its call', () => {
    const tag = Object.assign((text: string) => `<${text}>`, { raw: 'raw' });
    const adapter = recorded({ tag });
    expect([adapter.tag('a'), adapter.tag.raw]).toEqual(['<a>', 'raw']);
    expect(adapter.recorder.callsOf('tag')).toHaveLength(1);
  });

  it("leaves Nest's lifecycle to the adapter", () => {
    expect(recorded(new Adapter()).onModuleDestroy).toBeUndefined();
  });

  it('remembers the last 10 000 calls', () => {
    const adapter = recorded(new Adapter());
    for (let call = 0; call < 10_005; call += 1) adapter.now();
    expect(adapter.recorder.calls).toHaveLength(10_000);
  });
});

describe('CallRecorder', () => {
  it('makes the calls fail that a plan names, and no others', async () => {
    const adapter = recorded(new Adapter());
    const error = new Error('mine');
    adapter.recorder.fail('add', error, { after: 1, times: 2 });
    expect(await adapter.search('a')).toEqual([]);
    expect(await adapter.add(1)).toBe(3);
    await expect(adapter.add(2)).rejects.toBe(error);
    expect(await adapter.search('a')).toEqual([]);
    await expect(adapter.add(3)).rejects.toBe(error);
    expect(await adapter.add(4)).toBe(6);
  });

  it('lets plans follow each other', async () => {
    const adapter = recorded(new Adapter());
    adapter.recorder.fail('add', 'time-out');
    adapter.recorder.fail('add');
    await expect(adapter.add(1)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await expect(adapter.add(1)).rejects.toThrow('"add" failed, as the test asked.');
    expect(await adapter.add(1)).toBe(3);
  });

  it.each([
    ['hang', true],
    ['stuck', false],
  ] as const)('lets a call "%s"', async (fault, endsByItsSignal) => {
    const adapter = recorded(new Adapter());
    for (const start of [
      (signal: AbortSignal) => adapter.add(1, signal),
      (signal: AbortSignal) => adapter.search('a', { signal }),
    ]) {
      const controller = new AbortController();
      const reason = new Error('30 s');
      adapter.recorder.fail('add', fault);
      adapter.recorder.fail('search', fault);
      const call = start(controller.signal);
      const isSettled = settlesOf(call);
      expect(adapter.recorder.isHanging).toBe(true);
      controller.abort(reason);
      await new Promise((resolve) => setImmediate(resolve));
      expect(isSettled()).toBe(endsByItsSignal);
      adapter.recorder.release();
      await expect(call).rejects.toThrow(endsByItsSignal ? '30 s' : 'released');
      expect(adapter.recorder.isHanging).toBe(false);
    }
  });

  it('keeps what a function of the adapter has beside its call', () => {
    const sql = Object.assign((text: string) => `«${text}»`, { ref: (name: string) => `"${name}"` });
    const database = recorded({ sql });
    expect(database.sql('x')).toBe('«x»');
    expect(database.sql.ref('name')).toBe('"name"');
  });

  it('refuses a plan that cannot be', () => {
    const { recorder } = recorded(new Adapter());
    expect(() => recorder.fail('add', undefined, { times: 0 })).toThrow(
      'times must be a whole number from 1',
    );
    expect(() => recorder.fail('add', undefined, { after: -1 })).toThrow(
      'after must be a whole number from 0',
    );
  });
});
