import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { JobEvents, MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { LetterProcessor, LETTERS, LETTERS_APP } from '../support/groups-host.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const KEY = { key: 'c-42' };

describe.each(['memory', 'redis'] as const)('Groups on %s', (provider) => {
  let redis: TestRedis | null = null;
  let apps: HostApps;
  let app: INestApplication;
  let service: MessageQueueService;
  let letters: LetterProcessor;
  const events: unknown[][] = [];

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  beforeEach(async () => {
    apps = new HostApps();
    const place = redis === null ? {} : { redis: { url: redis.url }, prefix: `groups-${randomUUID()}` };
    const library = MessageQueueModule.forRoot({
      provider,
      environment: 'test',
      acceptInMemory: true,
      ...place,
    });
    app = await apps.start({ imports: [library, ...LETTERS_APP.imports], providers: LETTERS_APP.providers });
    service = app.get(MessageQueueService);
    letters = app.get(LetterProcessor);
    events.length = 0;
    for (const name of ['deadLettered', 'parked'] as const) {
      app.get(JobEvents).on(name, (event) => void events.push([name, event]));
    }
  });
  afterEach(() => apps.close());
  afterAll(() => redis?.stop());

  const add = async (text: string): Promise<string> =>
    (await service.enqueue(LETTERS, 'post', { text }, KEY)).id;
  /** A key that stands still, with one job behind the dead letter. @returns their ids */
  async function standstill(): Promise<[letter: string, next: string]> {
    const ids: [string, string] = [await add('torn'), await add('next')];
    await waitUntil(
      async () => (await service.groups.list(LETTERS, { state: 'parked' })).groups.length === 1,
      'the key to stand still',
    );
    return ids;
  }

  /** What health says of the queue, but for the server of the test. */
  const reasons = async (): Promise<string[]> =>
    (await service.getQueueHealth(LETTERS.name)).reasons
      .filter(({ code }) => code !== 'SERVER_SETTING')
      .map(({ severity, code, message }) => `${severity} ${code} ${message}`);

  it('tells once of a key that stands still, and until it is released health and figures do', async () => {
    const [letter] = await standstill();
    await waitUntil(() => events.length === 2, 'the events');
    const place = expect.objectContaining({ queue: LETTERS.name, job: 'post', jobId: letter }) as object;
    expect(events).toEqual([
      ['deadLettered', place],
      ['parked', place],
    ]);
    expect(events[1]?.[1]).toMatchObject(KEY);

    expect(await reasons()).toEqual([
      expect.stringMatching(
        `^degraded KEY_PARKED The key "c-42" of "letters" has stood still for \\d+ s, since job "${letter}"`,
      ),
    ]);
    const stats = (await service.getQueueMetrics()).queues[LETTERS.name as never] as object;
    expect(stats).toMatchObject({ held: 1, groups: { holding: 1, parked: 1 }, expired: 0, flowRepairs: 0 });
    expect(JSON.stringify(stats)).not.toContain('c-42');
    expect(apps.logger.lines.join('\n')).not.toContain('c-42');

    letters.isMended = true;
    expect(await service.groups.release(LETTERS, KEY, 'replay')).toBe('released');
    await waitUntil(() => letters.posted.length === 2, 'the key to go on');
    expect(letters.posted).toEqual(['torn', 'next']);
    expect(await reasons()).toEqual([]);
  });

  it('lets one of two who release a key do so, and tells the other', async () => {
    await standstill();
    const outcomes = await Promise.all([
      service.groups.release(LETTERS, KEY, 'discard', { by: 'ada' }),
      service.groups.release(LETTERS, KEY, 'discard', { by: 'ben' }),
    ]);
    expect(outcomes.filter((outcome) => outcome === 'released')).toHaveLength(1);
    expect(['not-parked', 'released-meanwhile']).toContain(
      outcomes.find((outcome) => outcome !== 'released'),
    );
    await waitUntil(() => letters.posted.length === 1, 'the next to run');
    expect(letters.posted).toEqual(['next']);
    expect(await service.groups.release(LETTERS, KEY, 'replay')).toBe('not-parked');
  });

  it('is told of the same job again when its replay fails as well', async () => {
    const [letter] = await standstill();
    await service.groups.release(LETTERS, KEY, 'replay');
    await waitUntil(() => events.length === 4, 'the second standstill');
    expect(events.map(([name]) => name)).toEqual(['deadLettered', 'parked', 'deadLettered', 'parked']);
    expect((await service.groups.read(LETTERS, KEY)).parkedBy?.jobId).toBe(letter);
    expect(letters.posted).toEqual([]);
  });
});
