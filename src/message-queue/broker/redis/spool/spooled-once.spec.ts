import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once as keyed, request } from '../../../../../test/support/add-requests.js';
import { testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { numbersOf, ordinary, spoolStage } from '../../../../../test/support/spool-stage.js';
import type { Spooling } from '../../../../../test/support/spool-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import type { AddRequest } from '../../broker.js';
import type { RedisBrokerOptions } from '../redis-broker.options.js';

const DAY_MS = 24 * 60 * 60_000;

describe('a job of a spool', () => {
  const stage = spoolStage();
  const copies: string[] = [];
  afterEach(() => {
    jest.restoreAllMocks();
    for (const copy of copies.splice(0)) rmSync(copy, { recursive: true });
  });

  const keys = (pattern: string): Promise<string[]> =>
    stage.server.client.keys(`${stage.behind.prefix}:work:${pattern}`);
  const drained = ({ broker }: Spooling): Promise<unknown> =>
    waitUntil(() => broker.spooled?.jobs === 0, 'the spool to be empty');

  /** A process that reaches Redis. */
  function another(options: Partial<RedisBrokerOptions> = {}): Spooling {
    const broker = stage.server.fixture.broker({ prefix: stage.behind.prefix, ...options });
    return { broker, queue: broker.createQueue(testQueue()) };
  }

  /**
   * Spools a job and lets Redis have it, whose answer is lost: the spool has it still.
   * @param settled pattern of a key that is there then, behind the base key
   */
  async function unanswered(
    { broker, queue }: Spooling,
    add: Partial<AddRequest>,
    settled = (id: string): string => id,
  ): Promise<string> {
    const { id } = await broker.addOnce(queue, request({ data: { about: 'c-1' }, ...add }));
    const send = queue.client.sendCommand.bind(queue.client);
    const sending = jest.spyOn(queue.client, 'sendCommand').mockImplementation((command, ...rest) => {
      if (command.args.includes(id)) stage.proxy.swallowReplies();
      return send(command, ...rest);
    });
    stage.proxy.heal();
    await waitUntil(async () => (await keys(settled(id))).length > 0, 'Redis to have it');
    sending.mockRestore();
    expect(broker.spooled?.jobs).toBeGreaterThan(0);
    return id;
  }

  /** The connection is cut, and what was not answered is sent again. */
  async function sendAgain(spooling: Spooling): Promise<void> {
    stage.proxy.heal();
    stage.proxy.cut();
    await drained(spooling);
  }

  /** The process is killed, and starts again with its disk as it is now. */
  async function startAgain(): Promise<Spooling> {
    const directory = mkdtempSync(join(tmpdir(), 'mq-killed-'));
    copies.push(directory);
    cpSync(stage.directory, directory, { recursive: true });
    stage.proxy.refuse();
    const spool = { directory, maxJobs: 10_000, maxBytes: 10_000_000, fsync: true };
    const started = another({ whenUnavailable: 'spool', spool });
    await drained(started);
    return started;
  }

  /** Ids of the jobs that run, up to one that is added now. */
  async function runs({ broker, queue }: Spooling): Promise<string[]> {
    const { seen } = await workOn(broker, queue, undefined, 1);
    await broker.addOnce(queue, request({ data: { n: 7 } }));
    await waitUntil(() => numbersOf(seen).includes(7), 'the last to run');
    return seen.map((run) => run.id);
  }

  const erase = async ({ broker, queue }: Spooling, id: string): Promise<void> =>
    expect(await broker.jobsOf(queue).erase([id])).toEqual({ removed: [id], running: [] });
  const purge = async ({ broker, queue }: Spooling): Promise<void> =>
    expect(await broker.purge(queue)).toBeGreaterThan(0);

  describe.each([
    ['erased', {}, erase],
    ['erased, with its idempotency key', keyed('k'), erase],
    ['erased, under an id that was chosen', { options: { jobId: 'ada' } }, erase],
    ['purged', {}, purge],
  ])('that Redis had, and that was %s there by another process', (_how, add, remove) => {
    it('is not added again when its answer was lost, and it is sent again', async () => {
      const spooling = await stage.spooling();
      const id = await unanswered(spooling, add);
      await remove(another(), id);
      await sendAgain(spooling);
      expect(await runs(another())).not.toContain(id);
    });

    it('is not added again when its process was killed before it knew, and starts again', async () => {
      const id = await unanswered(await stage.spooling(), add);
      await remove(another(), id);
      expect(await runs(await startAgain())).not.toContain(id);
    });
  });

  it('runs once when its process was killed before it knew that Redis has it', async () => {
    const id = await unanswered(await stage.spooling(), { options: { removeOnComplete: true } });
    const { broker, queue } = another();
    const { seen } = await workOn(broker, queue, undefined, 1);
    await waitUntil(() => seen.some((run) => run.id === id), 'it to run');
    await startAgain();
    await broker.addOnce(queue, request({ data: { n: 7 } }));
    await waitUntil(() => numbersOf(seen).includes(7), 'the last to run');
    expect(seen.filter((run) => run.id === id)).toHaveLength(1);
  });

  it('stays a repetition, whatever becomes of the job that it repeats', async () => {
    const spooling = await stage.spooling();
    const other = another();
    const first = await other.broker.addOnce(other.queue, request(keyed('k')));
    const id = await unanswered(spooling, keyed('k'), (own) => `mq:spooled:${own}`);
    await erase(other, first.id);
    await sendAgain(spooling);
    expect(await runs(other)).not.toContain(id);
  });

  it('is added under an id that was chosen and erased before, which stands nowhere in between', async () => {
    const spooling = await stage.spooling();
    const { broker, queue } = spooling;
    const add = (): Promise<unknown> =>
      broker.addOnce(queue, request({ data: { n: 1 }, options: { jobId: 'ada' } }));
    await add();
    stage.proxy.heal();
    await drained(spooling);
    await erase(spooling, 'ada');
    expect(await keys('*ada*')).toEqual([]);
    stage.proxy.refuse();
    await waitUntil(() => queue.client.status !== 'ready', 'the client to notice');
    await add();
    stage.proxy.heal();
    await drained(spooling);
    expect(await runs(spooling)).toContain('ada');
  });

  it('costs Redis one key for a day, and none of the ledger; other jobs cost none', async () => {
    const spooling = await stage.spooling();
    const { broker, queue } = spooling;
    const { id } = await broker.addOnce(queue, ordinary(1));
    stage.proxy.heal();
    await drained(spooling);
    await broker.addOnce(queue, request(keyed('k')));
    await broker.addOnce(queue, request({ options: { delay: 1 } }));
    const marks = await keys('mq:spooled:*');
    expect(marks).toHaveLength(2);
    expect(marks).toContain(queue.toKey(`mq:spooled:${id}`));
    for (const mark of marks) {
      const left = await stage.server.client.pttl(mark);
      expect(left).toBeGreaterThan(DAY_MS - 60_000);
      expect(left).toBeLessThanOrEqual(DAY_MS);
    }
    expect(await keys('mq:once:*')).toHaveLength(1);
  });
});
