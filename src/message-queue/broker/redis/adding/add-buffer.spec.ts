import { EnqueueTimeoutError } from '../../../jobs/errors.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { addJobsScript } from '../scripts/add-jobs.lua.js';
import { AddBuffer } from './add-buffer.js';
import { PendingAdd } from './pending-add.js';
import type { AddCall } from './pending-add.js';

const CALL: AddCall = {
  script: addJobsScript,
  args: (adds) => adds.map(({ place }) => place.job),
};

/** An add that notes when it is answered. */
class NotedAdd extends PendingAdd {
  constructor(
    readonly number: number,
    private readonly noted: number[],
  ) {
    super(CALL, 10, 30_000);
  }

  get place() {
    return { queue: 'work', job: String(this.number) };
  }

  answered(): void {
    this.noted.push(this.number);
  }

  failed(error: Error): void {
    throw error;
  }
}

/** An add that tells why it failed. */
class FailingAdd extends PendingAdd {
  constructor(override readonly failed: (error: Error) => void) {
    super(CALL, 10, 300);
  }

  get place() {
    return { queue: 'work', job: 'failing' };
  }

  answered(): void {
    throw new Error('It was answered.');
  }
}

describe('AddBuffer', () => {
  it('keeps the order of adds that wait for a connection, however often it asks for one', async () => {
    let asked = 0;
    const connections = {
      isReady: false,
      isAway: false,
      silence: { isOn: false, begin: () => undefined },
      get isWritable() {
        return connections.isReady;
      },
      client: { on: () => undefined },
      // As when the connection comes just after the first who waits for it has given up.
      ready(): Promise<boolean> {
        asked += 1;
        if (asked > 1) connections.isReady = true;
        return Promise.resolve(connections.isReady);
      },
    };
    const sent: string[] = [];
    const scripts = {
      run: (_script: unknown, _base: string, args: readonly string[]) => Promise.resolve(sent.push(...args)),
    };
    const buffer = new AddBuffer(
      'base:',
      scripts as unknown as RedisScripts,
      connections as unknown as RedisConnections,
      2_000,
    );
    const noted: number[] = [];
    const numbers = Array.from({ length: 350 }, (_, n) => n);
    for (const n of numbers) buffer.add(new NotedAdd(n, noted));
    while (noted.length < numbers.length) await new Promise(setImmediate);
    expect(sent).toEqual(numbers.map(String));
    expect(noted).toEqual(numbers);
  });

  it('calls the outcome unknown when a try is under way at the deadline, whatever the one before it was told', async () => {
    const refusal = Object.assign(new Error('NOREPLICAS Not enough good replicas to write.'), {
      name: 'ReplyError',
    });
    const tries: string[] = [];
    let answer: (reply: unknown) => void = () => undefined;
    const scripts = {
      run: (_script: unknown, _base: string, args: readonly string[]) => {
        tries.push(...args);
        return tries.length === 1 ? Promise.reject(refusal) : new Promise((resolve) => (answer = resolve));
      },
    };
    const connections = {
      ...{ isReady: true, isWritable: true, isAway: false, trouble: null },
      ...{ silence: { isOn: false, begin: () => undefined }, client: { on: () => undefined } },
    };
    const buffer = new AddBuffer(
      'base:',
      scripts as unknown as RedisScripts,
      connections as unknown as RedisConnections,
      2_000,
    );
    const error = await new Promise((resolve) => buffer.add(new FailingAdd(resolve)));
    // Nothing is under way any more.
    answer(1);
    expect(tries).toHaveLength(2);
    expect(error).toBeInstanceOf(EnqueueTimeoutError);
  });
});
