import { inLanes } from '../faults/checker/run-faults.js';
import { TestRedis } from '../support/redis-server.js';
import { PASSWORD_REFUSAL, STATE_REFUSALS, USER_REFUSALS } from '../support/server-refusals.js';
import type { ServerRefusal } from '../support/server-refusals.js';
import { ALWAYS, ENDS, untyped } from './expected-outcomes.js';
import { ReplyStage } from './reply-stage.js';
import type { RefusedCalls } from './reply-stage.js';

/** Spells that are under way at the same time; most of their time is waiting. */
const LANES = 4;

// What jest -t leaves out is not run either.
const only = new RegExp(process.env['REPLIES_ONLY'] ?? '');
const REFUSALS = [...STATE_REFUSALS, ...USER_REFUSALS, PASSWORD_REFUSAL].filter(({ name }) =>
  only.test(name),
);
/** Whom no change of rights concerns. */
const CHECKER = ['--user', 'checker', 'on', 'nopass', '~*', '&*', '+@all'];

/** Two apps before a server of their own. */
async function refuse({ settings = [], begin, end, code }: ServerRefusal): Promise<RefusedCalls> {
  const server = await TestRedis.start([...CHECKER, ...settings]);
  const admin = server.client({ username: 'checker', password: 'any', maxRetriesPerRequest: null });
  admin.on('error', () => undefined);
  const credentials = code === 'WRONGPASS' ? { password: 'known' } : {};
  const stage = new ReplyStage({ port: server.port, ...credentials }, admin, `real-${server.port}`);
  try {
    await stage.open();
    return await stage.refuse({ isThorough: true, begin: () => begin(admin), end: () => end(admin) });
  } finally {
    await stage.close();
    admin.disconnect();
    await server.stop();
  }
}

describe('a real server that refuses', () => {
  const rows = new Map<string, Promise<RefusedCalls>>();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  beforeAll(() => {
    process.on('unhandledRejection', note);
    const begun = inLanes(
      REFUSALS.map((refusal) => () => refuse(refusal)),
      LANES,
    );
    begun.forEach((row, i) => rows.set((REFUSALS[i] as ServerRefusal).name, row));
  });
  afterAll(async () => {
    await Promise.allSettled(rows.values());
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it.each(REFUSALS.map(({ name, code }) => [name, code]))(
    '%s: every call is typed, every run ends once',
    async (name, code) => {
      const judge = ({ calls, jobs }: RefusedCalls): void => {
        expect(untyped(calls, code)).toEqual([]);
        // A server that lets nobody in may count as one that cannot be reached.
        const health = code === 'MAXCLIENTS' ? expect.any(String) : ALWAYS.health;
        expect(calls).toMatchObject({ ...ALWAYS, health });
        expect(jobs).toEqual(ENDS);
      };
      const first = await (rows.get(name) as Promise<RefusedCalls>);
      try {
        judge(first);
      } catch {
        // On a machine that stands still some of so many calls run out of time: once more, with no others beside.
        await Promise.allSettled(rows.values());
        judge(await refuse(REFUSALS.find((refusal) => refusal.name === name) as ServerRefusal));
      }
    },
  );
});
