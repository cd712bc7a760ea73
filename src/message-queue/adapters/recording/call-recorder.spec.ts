import { CallRecorder } from './call-recorder.js';

const answer = (recorder: CallRecorder, method = 'deliver', signal?: AbortSignal): Promise<string> =>
  recorder.run(method, ['a', 1], signal, () => 'done');

describe('CallRecorder', () => {
  it('remembers calls in order, failed ones too, and forgets the oldest beyond its limit', async () => {
    const recorder = new CallRecorder(3);
    recorder.failNext();
    await expect(answer(recorder, 'a')).rejects.toThrow('"a" failed, as the test asked.');
    for (const method of ['b', 'c', 'b']) expect(await answer(recorder, method)).toBe('done');
    expect(recorder.calls.map(({ method }) => method)).toEqual(['b', 'c', 'b']);
    expect(recorder.callsOf('b')).toHaveLength(2);
    expect(recorder.callsOf('b')[0]?.args).toEqual(['a', 1]);
  });

  it('makes the nth call of a method fail, once', async () => {
    const recorder = new CallRecorder();
    const error = new Error('mine');
    recorder.failNth(2, { kind: 'fail', error }, 'deliver');
    expect(await answer(recorder, 'other')).toBe('done');
    expect(await answer(recorder)).toBe('done');
    expect(await answer(recorder, 'other')).toBe('done');
    await expect(answer(recorder)).rejects.toBe(error);
    expect(await answer(recorder)).toBe('done');
  });

  it('plans several faults beside each other', async () => {
    const recorder = new CallRecorder();
    recorder.failNth(1, { kind: 'time-out' });
    recorder.failNth(2);
    await expect(answer(recorder)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await expect(answer(recorder)).rejects.toThrow('as the test asked');
    expect(await answer(recorder)).toBe('done');
  });

  it('hangs until the signal aborts, or, if asked, until it is released', async () => {
    const recorder = new CallRecorder();
    const controller = new AbortController();
    const reason = new Error('30 s');
    recorder.failNth(1, { kind: 'hang' });
    recorder.failNth(2, { kind: 'hang', ignoreAbort: true });
    const first = answer(recorder, 'deliver', controller.signal);
    const second = answer(recorder, 'deliver', controller.signal);
    let settled = false;
    void second.catch(() => undefined).finally(() => (settled = true));
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    recorder.release();
    await expect(second).rejects.toThrow('released');
  });

  it('refuses calls whose signal has aborted, and a nonsensical n', async () => {
    const recorder = new CallRecorder();
    const reason = new Error('stop');
    await expect(answer(recorder, 'deliver', AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(recorder.calls).toHaveLength(1);
    expect(() => recorder.failNth(0)).toThrow(RangeError);
  });

  it('starts anew after reset', async () => {
    const recorder = new CallRecorder();
    recorder.failNth(2);
    await answer(recorder);
    recorder.reset();
    expect(recorder.calls).toEqual([]);
    expect(await answer(recorder)).toBe('done');
  });
});
