import { CircuitBreakers } from '../ports/circuit-breakers.js';
import { guardedPort } from './guarded-port.js';
import { ManualCircuitBreakers } from '../testing/manual-circuit-breakers.js';

abstract class Port {
  abstract readonly type: string;
  abstract add(n: number, signal: AbortSignal): Promise<number>;
  note?(): Promise<void>;
}

class Adapter extends Port {
  readonly type = 'adding';
  #sum = 0;
  override add(n: number): Promise<number> {
    if (n < 0) throw new RangeError('thrown, not rejected');
    this.#sum += n;
    return Promise.resolve(this.#sum);
  }
}

const { signal } = new AbortController();

describe('guardedPort', () => {
  it('calls through the breaker of the dependency, private fields included', async () => {
    const breakers = new ManualCircuitBreakers();
    const port = guardedPort<Port>(new Adapter(), 'sums', breakers);
    expect(await port.add(2, signal)).toBe(2);
    expect(await port.add(3, signal)).toBe(5);
    expect(breakers.callsTo('sums')).toBe(2);
    expect([port.type, port.note, port instanceof Adapter]).toEqual(['adding', undefined, true]);
  });

  it('rejects with what the port throws and what the breaker refuses', async () => {
    const breakers = new ManualCircuitBreakers();
    const port = guardedPort<Port>(new Adapter(), 'sums', breakers);
    await expect(port.add(-1, signal)).rejects.toThrow('thrown, not rejected');
    breakers.open('sums', 700);
    await expect(port.add(1, signal)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 700 });
    breakers.close('sums');
    expect(await port.add(1, signal)).toBe(1);
  });

  it("shows the breaker the call's own signal", async () => {
    const seen: unknown[] = [];
    class Watching extends CircuitBreakers {
      override run<T>(_: string, call: () => Promise<T>, options?: { signal?: AbortSignal }): Promise<T> {
        seen.push(options?.signal);
        return call();
      }
      override statuses(): [] {
        return [];
      }
    }
    await guardedPort<Port>(new Adapter(), 'sums', new Watching()).add(1, signal);
    expect(seen).toEqual([signal]);
  });
});
