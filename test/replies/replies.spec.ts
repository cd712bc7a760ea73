import type { Redis } from 'ioredis';
import { inLanes } from '../faults/checker/run-faults.js';
import { TestRedis } from '../support/redis-server.js';
import { ENDS, forgiving, outcomesOf } from './expected-outcomes.js';
import { RefusingRedis } from './refusing-redis.js';
import { ReplyStage } from './reply-stage.js';
import type { RefusedCalls } from './reply-stage.js';
import { REPLIES } from './reply-table.js';
import type { ReplyRow } from './reply-table.js';

/** Spells that are under way at the same time; most of their time is waiting. */
const LANES = 10;
/** A process says of a refusal: that it is, that it is over, and of each queue and kind of job what waits. */
const MOST_LINES_A_ROW = 20;

// What jest -t leaves out is not run either.
const only = new RegExp(process.env['REPLIES_ONLY'] ?? '');
const ROWS = REPLIES.filter(([text]) => only.test(text));
/** One wording of each code. */
const THOROUGH = new Set(new Map(REPLIES.map(([text, code]) => [code, text])).values());

/** Two apps before a stand-in for Redis that gives one reply after another. */
class StandIn {
  private lane: Promise<{ readonly redis: RefusingRedis; readonly stage: ReplyStage }> | null = null;

  constructor(
    private readonly server: TestRedis,
    private readonly admin: Redis,
    private readonly prefix: string,
  ) {}

  async refuse([text]: ReplyRow): Promise<RefusedCalls> {
    this.lane ??= this.open();
    const { redis, stage } = await this.lane;
    const refusal = { begin: () => redis.refuse(text), end: () => redis.obey() };
    return stage.refuse({ isThorough: THOROUGH.has(text), ...refusal });
  }

  async close(): Promise<void> {
    const lane = await this.lane;
    await lane?.stage.close();
    await lane?.redis.stop();
  }

  private async open(): Promise<{ redis: RefusingRedis; stage: ReplyStage }> {
    const redis = await RefusingRedis.start(this.server.port);
    const stage = new ReplyStage({ port: redis.port }, this.admin, this.prefix);
    await stage.open();
    return { redis, stage };
  }
}

describe('no reply of Redis ends a process, and each is answered once', () => {
  let server: TestRedis;
  let admin: Redis;
  const lanes: StandIn[] = [];
  const rows = new Map<string, Promise<RefusedCalls>>();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    server = await TestRedis.start();
    admin = server.client();
    const free = Array.from({ length: LANES }, (_, i) => new StandIn(server, admin, `lane-${i}`));
    lanes.push(...free);
    const standIns = ROWS.map((row) => async () => {
      const lane = free.pop() as StandIn;
      return lane.refuse(row).finally(() => free.push(lane));
    });
    inLanes(standIns, LANES).forEach((row, i) => rows.set((ROWS[i] as ReplyRow)[0], row));
  });
  afterAll(async () => {
    await Promise.allSettled(rows.values());
    await Promise.all(lanes.map((lane) => lane.close()));
    process.off('unhandledRejection', note);
    admin.disconnect();
    await server.stop();
  });

  const rowOf = (name: string): Promise<RefusedCalls> => rows.get(name) as Promise<RefusedCalls>;

  /** The row without others beside it, and with connections of its own. */
  async function alone(row: ReplyRow): Promise<RefusedCalls> {
    await Promise.allSettled(rows.values());
    const lane = new StandIn(server, admin, `alone-${lanes.length}`);
    lanes.push(lane);
    return lane.refuse(row);
  }

  it.each(ROWS)('%s', async (text, code, meaning) => {
    const judge = (row: RefusedCalls): void => {
      expect(forgiving(row, code, meaning)).toEqual(outcomesOf(code, meaning, THOROUGH.has(text)));
      expect(row.jobs).toEqual(ENDS);
    };
    const first = await rowOf(text);
    try {
      judge(first);
    } catch {
      // On a machine that stands still some of so many calls run out of time.
      judge(await alone([text, code, meaning]));
    }
  });

  it('leaves no promise unheard, and the log short', async () => {
    const all = (await Promise.allSettled(rows.values())).filter((row) => row.status === 'fulfilled');
    expect(unhandled).toEqual([]);
    const told = new Set(all.flatMap(({ value }) => value.lines)).size;
    expect(told / all.length).toBeLessThan(MOST_LINES_A_ROW);
  });
});
