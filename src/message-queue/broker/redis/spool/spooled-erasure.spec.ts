import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { once as keyed, request } from '../../../../../test/support/add-requests.js';
import { workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { numbersOf, ordinary, spoolStage } from '../../../../../test/support/spool-stage.js';
import type { Spooling } from '../../../../../test/support/spool-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { SpoolFile } from './spool-file.js';

describe('jobs of a spool that are erased', () => {
  const stage = spoolStage();
  afterEach(() => jest.restoreAllMocks());
  const onDisk = (): string =>
    readdirSync(stage.directory)
      .map((name) => readFileSync(join(stage.directory, name), 'latin1'))
      .join();

  /** Ids of the spooled jobs that hold a text. Redis is away: what follows the spool is not asked for. */
  async function held({ broker, queue }: Spooling, text: string): Promise<string[]> {
    const pages = broker.jobsOf(queue).holding([text])[Symbol.asyncIterator]();
    const ids: string[] = [];
    for (let spooled = broker.spooled?.jobs ?? 0; spooled > 0; spooled -= 100) {
      const { value } = (await pages.next()) as { value?: readonly { readonly id: string }[] };
      ids.push(...(value ?? []).map(({ id }) => id));
    }
    return ids;
  }

  it('are overwritten on disk and never sent, are told as ended, and free their keys; the others go on', async () => {
    const spooling = await stage.spooling();
    const { broker, queue } = spooling;
    const ends: unknown[] = [];
    queue.on('ended' as never, (end: unknown) => void ends.push(end));
    const erased: string[] = [];
    for (let n = 0; n < 150; n += 1) {
      await broker.addOnce(queue, ordinary(n + 1));
      const about = request({ data: { about: 'c-1', text: 'hush-hush' }, ...(n === 0 && keyed('k')) });
      if (n % 50 === 0) erased.push((await broker.addOnce(queue, about)).id);
    }
    expect(await held(spooling, '"c-1"')).toEqual(erased);
    expect(onDisk()).toContain('hush-hush');
    const erasing = broker.jobsOf(queue).erase(erased);
    await waitUntil(() => broker.spooled?.jobs === 151, 'the spool to lose them');
    expect(onDisk()).not.toMatch(/hush-hush|c-1/);
    await broker.addOnce(queue, request({ data: { n: 151 }, ...keyed('k') }));
    stage.proxy.heal();
    expect(await erasing).toEqual({ removed: erased, running: [] });
    expect(ends).toEqual(
      erased.map((jobId) => expect.objectContaining({ jobId, outcome: 'shredded', attempt: 1 }) as unknown),
    );
    const { seen } = await workOn(broker, queue, undefined, 1);
    await waitUntil(() => numbersOf(seen).length === 152, 'the others to run');
    expect(seen.filter(({ id }) => erased.includes(id))).toEqual([]);
  });

  it('are erased in Redis where they were under way, before what waits behind them is sent', async () => {
    const { client } = stage.server;
    const spooling = await stage.spooling();
    const { broker, queue } = spooling;
    const { id } = await broker.addOnce(queue, request({ data: { about: 'c-1' }, ...keyed('k') }));
    // Redis gets the call that brings them, and executes it when it is told to go on.
    await client.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const read = jest.spyOn(SpoolFile.prototype, 'first');
    const sent = jest.spyOn(queue.client, 'sendCommand');
    await waitUntil(
      () => read.mock.results.some(({ value }) => (value as unknown[]).length === 2),
      'both to be read',
    );
    const isUnderWay = (): boolean => sent.mock.calls.some(([{ args }]) => args.includes(id));
    stage.proxy.heal();
    await waitUntil(isUnderWay, 'the jobs to be under way');
    const erasing = broker.jobsOf(queue).erase([id]);
    await broker.addOnce(queue, request({ data: { n: 1 }, ...keyed('k') }));
    await client.call('CLIENT', 'UNPAUSE');
    expect(await erasing).toEqual({ removed: [id], running: [] });
    const { seen } = await workOn(broker, queue);
    await waitUntil(() => numbersOf(seen).length === 2, 'the others to run');
    expect(seen.map((run) => run.id)).not.toContain(id);
  });

  /** Redis comes back for a moment: the job is sent, and the network drops everything from then on. */
  async function sentIntoTheDark({ queue: { client } }: Spooling, id: string): Promise<void> {
    const send = client.sendCommand.bind(client);
    let isSent = false;
    client.sendCommand = (command, ...rest) => {
      if (command.args.includes(id)) {
        isSent = true;
        stage.proxy.blackhole();
      }
      return send(command, ...rest);
    };
    stage.proxy.heal();
    await waitUntil(() => isSent, 'the job to be under way');
    client.sendCommand = send;
    stage.proxy.refuse();
  }

  it('swallow no job behind them that was acknowledged while Redis was away again, and end once', async () => {
    const spooling = await stage.spooling();
    const { broker, queue } = spooling;
    const ends: unknown[] = [];
    queue.on('ended' as never, (end: unknown) => void ends.push(end));
    const { id } = await broker.addOnce(queue, request({ data: { about: 'c-1' }, ...keyed('k') }));
    await sentIntoTheDark(spooling, id);
    const erasing = broker.jobsOf(queue).erase([id]);
    await expect(erasing).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    const second = await broker.addOnce(queue, request({ data: { n: 1 }, ...keyed('k') }));
    expect(second).toMatchObject({ deduplicated: false });
    stage.proxy.heal();
    const isErased = () =>
      broker
        .jobsOf(queue)
        .erase([id])
        .then(
          () => true,
          () => false,
        );
    await waitUntil(isErased, 'Redis to be back');
    const { seen } = await workOn(broker, queue, undefined, 1);
    await waitUntil(() => numbersOf(seen).includes(1), 'the job behind it to run');
    expect(numbersOf(seen)).toEqual([0, 1]);
    expect(seen.map((run) => run.id)).not.toContain(id);
    expect(ends).toHaveLength(1);
  });

  it('let nobody wait for ever who replaces texts while Redis is away', async () => {
    const spooling = await stage.spooling();
    const { broker, queue } = spooling;
    const { id } = await broker.addOnce(queue, request({ data: { about: 'c-1' }, ...keyed('k') }));
    await sentIntoTheDark(spooling, id);
    const replacing = broker.replaceTexts(queue, async () => ({ replacements: [], isLeft: false }));
    await expect(replacing).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    stage.proxy.heal();
  });

  it('are erased too where they were set aside', async () => {
    const before = stage.open();
    await before.broker.addOnce(before.queue, request({ data: { n: 0 }, ...keyed('taken', 'other') }));
    await before.broker.close();
    const spooling = await stage.spooling();
    const { broker, queue } = spooling;
    const { id } = await broker.addOnce(queue, request({ data: { about: 'c-1' }, ...keyed('taken') }));
    stage.proxy.heal();
    await waitUntil(() => broker.spooled?.setAside.length === 1, 'it to be set aside');
    const ids: string[] = [];
    for await (const page of broker.jobsOf(queue).holding(['"c-1"'])) ids.push(...page.map((job) => job.id));
    expect(ids).toEqual([id]);
    expect(await broker.jobsOf(queue).erase(ids)).toEqual({ removed: [id], running: [] });
    expect(broker.spooled).toMatchObject({ jobs: 0, setAside: [] });
    expect(onDisk()).not.toContain('c-1');
  });
});
