import { EngineBench } from '../../../../../../test/support/engine-bench.js';
import { dropExcess } from '../job-retention.js';

describe('Gates', () => {
  it('forgets a group once no job is in it, however its jobs left', () => {
    const bench = new EngineBench({ key: {}, tenant: {} });
    const { groups } = bench.engine.gates;
    for (const id of ['a1', 'a2', 'a3', 'b1']) bench.add(id, { tenant: 'T' });
    expect(groups.get('k:a')?.admitted.size).toBe(1);
    expect(groups.status('t:T')).toMatchObject({ held: 1, admitted: 1 });
    bench.remove('a2');
    expect(bench.runAll()).toEqual(['a1', 'b1', 'a3']);
    expect(['k:a', 'k:b', 't:T'].map((name) => groups.get(name))).toEqual([undefined, undefined, undefined]);
    expect(groups.counts()).toMatchObject({ held: 0, holding: 0 });
    expect(bench.engine.store.tenantDepths.of('t:T')).toBe(0);
  });

  it('counts of a tenant what waits or is delayed, wherever that is, until it starts', () => {
    const bench = new EngineBench({ key: {}, tenant: {} });
    const depth = (): number => bench.engine.store.tenantDepths.of('t:T');
    for (const id of ['a1', 'a2', 'b1']) bench.add(id, { tenant: 'T' });
    bench.add('c1', { tenant: 'T', delay: 1_000 });
    expect(depth()).toBe(4);
    expect(bench.takeAll()).toEqual(['a1', 'b1']);
    expect(depth()).toBe(2);
    bench.settler.delay(bench.job('a1'), bench.clock.now() + 50);
    bench.settler.handBack(bench.job('b1'));
    expect(depth()).toBe(4);
    bench.remove('a2');
    bench.bury('b1');
    expect(depth()).toBe(2);
  });

  it('puts back what stood in the lane of a paused key, and lets its tenant’s next go', () => {
    const bench = new EngineBench({ key: {}, tenant: {} });
    for (const id of ['a1', 'a2', 'b1']) bench.add(id, { tenant: 'T' });
    const { gates } = bench.engine;
    gates.groups.pause('k:a', 'why', 1);
    expect(bench.takeAll()).toEqual(['b1']);
    expect(bench.held()).toEqual(['a1', 'a2']);
    expect(gates.groups.status('k:a')).toMatchObject({ held: 2, admitted: 0 });
    bench.add('a3', { tenant: 'T' });
    gates.resume('k:a');
    expect(bench.runAll()).toEqual(['a1', 'a2', 'a3']);
  });

  it('lets what was handed back start before its tenant’s others, also after a pause', () => {
    const bench = new EngineBench({ tenant: {} });
    for (const id of ['t1', 't2', 't3']) bench.add(id, { tenant: 'T' });
    expect([bench.take(), bench.take()]).toEqual(['t1', 't2']);
    bench.settler.handBack(bench.job('t1'));
    expect(bench.engine.gates.groups.status('t:T')).toMatchObject({ held: 0, admitted: 2 });
    bench.engine.gates.groups.pause('t:T', 'why', 1);
    expect(bench.take()).toBeNull();
    expect(bench.held()).toEqual(['t1', 't3']);
    bench.engine.gates.resume('t:T');
    expect(bench.runAll()).toEqual(['t1', 't3']);
  });

  it('keeps the level of jobs inside their tenant, and their order within a level', () => {
    const bench = new EngineBench({ tenant: {} });
    bench.add('first', { key: '-', tenant: 'T' });
    for (const [id, priority] of [
      ['n1', 6],
      ['c1', 1],
      ['n2', 6],
      ['none', 0],
      ['c2', 1],
    ] as const) {
      bench.add(id, { key: '-', tenant: 'T', priority });
    }
    expect(bench.held()).toEqual(['c1', 'c2', 'n1', 'n2', 'none']);
    expect(bench.engine.store.waiting.countAt(6)).toBe(1);
    expect(bench.runAll()).toEqual(['first', 'c1', 'c2', 'n1', 'n2', 'none']);
  });

  it('holds the place of a delayed job, and its slot once it is its turn', async () => {
    const bench = new EngineBench({ key: { delays: 'hold' } });
    bench.add('a1');
    bench.add('a2', { delay: 1_000 });
    bench.add('a3');
    expect(bench.runAll()).toEqual(['a1']);
    // It has the slot, and is not counted as one that waits for it.
    expect(bench.engine.gates.groups.status('k:a')).toMatchObject({ held: 1, admitted: 1 });
    expect(bench.engine.waitingCount).toBe(1);
    await bench.clock.advance(1_000);
    expect(bench.runAll()).toEqual(['a2', 'a3']);
    bench.add('b1', { delay: 1_000 });
    bench.add('b2', { delay: 10 });
    await bench.clock.advance(10);
    expect(bench.take()).toBeNull();
    bench.remove('b1');
    expect(bench.runAll()).toEqual(['b2']);
    expect(bench.engine.gates.groups.get('k:b')).toBeUndefined();
  });

  it('keeps no place for the next run of a schedule', () => {
    const bench = new EngineBench({ key: { delays: 'hold' } });
    bench.add('a1', { delay: 1_000, repeat: { every: 1_000 } });
    bench.add('a2');
    expect(bench.runAll()).toEqual(['a2']);
  });

  it('keeps letters that park from retention, and tells the next one where a key has more slots', async () => {
    const bench = new EngineBench({ key: {} });
    const { gates, store } = bench.engine;
    gates.setSlots('k:a', 2);
    bench.addAll('a1', 'a2', 'a3', 'b1', 'c1');
    expect(bench.takeAll()).toEqual(['a1', 'a2', 'b1', 'c1']);
    for (const id of ['a2', 'a1', 'b1', 'c1']) {
      await bench.clock.advance(1);
      bench.bury(id);
    }
    store.failedLimit = { count: 1, bytes: Number.POSITIVE_INFINITY };
    expect(dropExcess(store, 10, 0)).toEqual([]);
    const { groups } = gates.groups.list({ state: 'parked', cursor: null, limit: 10 });
    expect(groups.map(({ id, parkedBy }) => `${id} ${parkedBy?.jobId}`)).toEqual(['a a2', 'b b1', 'c c1']);
    expect(gates.groups.counts().oldestParked).toEqual({ key: 'a', jobId: 'a2', since: 1_001 });
    bench.remove('a2');
    expect(gates.groups.status('k:a').parkedBy).toEqual({ jobId: 'a1', since: 1_002 });
    expect(bench.runAll()).toEqual(['a3']);
    bench.remove('a1');
    expect(gates.groups.status('k:a')).not.toHaveProperty('parkedBy');
    // Letters of others are dropped beside those that stay.
    bench.add('d1', { key: '-' });
    bench.take();
    bench.bury('d1');
    bench.add('e1');
    bench.take();
    bench.bury('e1');
    expect(store.jobs.has('d1')).toBe(false);
    expect(['b1', 'c1', 'e1'].every((id) => store.jobs.has(id))).toBe(true);
  });

  it('stands still for what died, also when it had been cancelled before, and not for what is cancelled', () => {
    const bench = new EngineBench({ key: {} });
    const { groups } = bench.engine.gates;
    bench.addAll('a1', 'a2');
    bench.take();
    bench.settler.bury(bench.job('a1'), 'no need', 'cancelled');
    expect(bench.runAll()).toEqual(['a2']);
    bench.engine.place(bench.job('a1'), null, 'last');
    bench.take();
    bench.bury('a1');
    expect(groups.status('k:a').parkedBy?.jobId).toBe('a1');
    bench.engine.place(bench.job('a1'), null, 'last');
    expect(groups.status('k:a')).not.toHaveProperty('parkedBy');
    bench.settler.bury(bench.job('a1'), 'no need', 'cancelled');
    expect(groups.get('k:a')).toBeUndefined();
  });

  it('tells in pages which groups hold jobs, also while some of them no longer do', () => {
    const bench = new EngineBench({ key: {} });
    bench.addAll('a1', 'b1', 'c1', 'a2', 'b2', 'c2');
    const { groups } = bench.engine.gates;
    const first = groups.list({ state: 'holding', cursor: null, limit: 2 });
    expect(first.groups.map(({ id }) => id)).toEqual(['a', 'b']);
    bench.remove('a2');
    const second = groups.list({ state: 'holding', cursor: first.cursor, limit: 2 });
    expect([second.groups.map(({ id }) => id), second.cursor]).toEqual([['c'], null]);
  });

  it('wakes once the caller is done: who removes many jobs gives none of them away', async () => {
    const bench = new EngineBench({ key: {} });
    bench.addAll('a1', 'a2', 'a3');
    bench.wakes = 0;
    bench.remove('a1');
    bench.remove('a2');
    expect(bench.wakes).toBe(0);
    await Promise.resolve();
    expect(bench.wakes).toBe(1);
    expect(bench.take()).toBe('a3');
  });

  it('costs a queue without gates nothing: none of its jobs has a group', () => {
    const bench = new EngineBench({ tenant: {} });
    expect(bench.add('a1').membership).toBeNull();
    expect(bench.engine.gates.groups.get('k:a')).toBeUndefined();
  });
});
