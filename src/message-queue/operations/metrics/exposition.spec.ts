import { Counter, Histogram, Registry } from 'prom-client';
import { BUSY_EVENTS } from '../../../../test/support/monitored-events.js';
import { lintMetrics, parseMetrics } from '../../../../test/support/metrics-lint.js';
import {
  bucketOf,
  COUNTER_AT,
  DURATION_BOUNDS,
  emptyRecord,
  RUNS_AT,
  WAITS_AT,
} from '../../jobs/activity/activity-record.js';
import { NO_FLOW } from '../../broker/groups-of-queue.js';
import type { Instance } from '../../broker/activity-store.js';
import type { QueueSnapshot } from '../../broker/broker.js';
import { brokerFamilies } from './broker-families.js';
import type { BrokerFacts, MeasuredLook } from './broker-families.js';
import { durationHistogram, SHOWN_BOUNDS_MS } from './duration-histogram.js';
import { eventFamilies } from './event-families.js';
import { exposition } from './exposition.js';
import { METRICS } from './metric-table.js';
import { processFamilies } from './process-families.js';
import type { ProcessFacts } from './process-families.js';

const ODD = 'a "b" \\ c\nd {e="f"} ü 🙂';

function recordOf(runsMs: readonly number[]): Float64Array {
  const record = emptyRecord();
  for (const ms of runsMs) {
    const at = RUNS_AT + bucketOf(ms);
    record[at] = (record[at] as number) + 1;
    record[COUNTER_AT.runMs] = (record[COUNTER_AT.runMs] as number) + ms;
  }
  record[WAITS_AT + bucketOf(40)] = runsMs.length;
  record[COUNTER_AT.added] = 9;
  record[COUNTER_AT.failed] = 5;
  record[COUNTER_AT.timedOut] = 2;
  return record;
}

const PROCESS: ProcessFacts = {
  series: [
    {
      queue: 'message-delivery',
      job: 'send-message',
      record: recordOf([3, 10, 11, 700_000]),
      dead: new Map(),
    },
    { queue: ODD, job: ODD, record: recordOf([1]), dead: new Map([['attempts_spent', 1e15]]) },
  ],
  refused: [{ queue: ODD, reason: 'queue_full', count: 3 }],
  queues: [{ queue: ODD, slots: 10, busy: 3 }],
  breakers: [
    { dependency: 'smtp', state: 'OPEN' },
    { dependency: ODD, state: 'CLOSED' },
  ],
  loopLagMs: 0.25,
  build: { version: '1.0.0', provider: 'redis', role: 'both' },
};

const HEARTBEAT: Omit<Instance, 'queues' | 'seenAt'> = {
  ...{ id: 'i', host: 'h', pid: 1, role: 'both', version: '1', node: '20', startedAt: 0, rssBytes: 1 },
  ...{ loopLagMs: 0, flushMs: 5_000, openBreakers: [] },
};

const SNAPSHOT: QueueSnapshot = {
  ...{ waiting: 7, active: 2, delayed: 1, completed: 5, failed: 3, paused: 0, isPaused: false, unknown: 0 },
  ...{ oldestWaitingAt: 40_000, failedDropped: 0, failedDroppedAt: null, keysForgotten: 0 },
  ...{
    keysForgottenAt: null,
    expired: 4,
    flow: { ...NO_FLOW, repairs: 6, rateClosedMs: 1_500 },
    wrongKeys: [],
  },
};

const LOOK: MeasuredLook = {
  at: 100_000,
  counts: new Map([[ODD, SNAPSHOT]]),
  alerts: [],
  instances: [
    instance({ [ODD]: [10, 3, 0] }),
    instance({ [ODD]: [10, 2, 1] }),
    instance({}),
    instance({ [ODD]: [10, 9, 0] }, 60_000),
  ],
};

const BROKER: BrokerFacts = {
  areUp: true,
  looks: [LOOK],
  latencyMs: 2,
  memoryUsedRatio: 0.5,
};

function instance(queues: Instance['queues'], seenAt = 99_000): Instance {
  return { ...HEARTBEAT, queues, seenAt };
}

describe('exposition', () => {
  it('passes what promtool checks, with names that are as odd as can be', () => {
    const text = exposition([...processFamilies(PROCESS), ...brokerFamilies(BROKER)]);
    expect(lintMetrics(text)).toEqual([]);
    const families = parseMetrics(text);
    const workers = families.find(({ name }) => name === 'message_queue_workers');
    expect(workers?.samples).toEqual([{ name: 'message_queue_workers', labels: { queue: ODD }, value: 2 }]);
  });

  it('reads the same as what prom-client writes of the same numbers', async () => {
    const register = new Registry();
    const counter = new Counter({
      name: 'x_total',
      help: 'Help \\ with\nlines.',
      labelNames: ['q'],
      registers: [register],
    });
    counter.inc({ q: ODD }, 2.5);
    const histogram = new Histogram({
      ...{ name: 'run_seconds', help: 'Run.', labelNames: ['queue', 'job'], registers: [register] },
      buckets: SHOWN_BOUNDS_MS.map((ms) => ms / 1_000),
    });
    const runs = [0, 3, 10, 10.5, 99, 100, 101, 4_999, 600_000, 600_001, 9_000_000];
    for (const ms of runs) histogram.observe({ queue: 'q', job: 'j' }, ms / 1_000);
    const theirs = parseMetrics(await register.metrics()).find(({ name }) => name === 'run_seconds');
    const ours = durationHistogram('run', recordOf(runs), { queue: 'q', job: 'j' });
    const key = (labels: Readonly<Record<string, string>>): string => labels['le'] ?? '';
    for (const sample of theirs?.samples ?? []) {
      const same = ours.find(
        ({ part, labels }) => sample.name === `run_seconds_${part}` && key(labels) === key(sample.labels),
      );
      expect([sample.name, key(sample.labels), same?.value]).toEqual([
        sample.name,
        key(sample.labels),
        sample.value,
      ]);
    }
    expect(theirs?.samples).toHaveLength(14);
    expect(lintMetrics(await register.metrics())).toEqual([]);
  });

  it('shows only bounds that are counted', () => {
    for (const bound of SHOWN_BOUNDS_MS) expect(DURATION_BOUNDS).toContain(bound);
    expect(SHOWN_BOUNDS_MS.map((ms) => ms / 1_000)).toEqual([
      0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600,
    ]);
  });

  it('gives every metric the labels that its table says', () => {
    const families = [
      ...processFamilies(PROCESS),
      ...eventFamilies(BUSY_EVENTS),
      ...brokerFamilies({ ...BROKER, looks: [{ ...LOOK, alerts: [ALERT] }] }),
    ];
    expect(families.map(({ name }) => name).sort()).toEqual(Object.keys(METRICS).sort());
    for (const { name, samples } of families) {
      expect([name, samples.length > 0]).toEqual([name, true]);
      for (const { labels } of samples) {
        expect([name, Object.keys(labels).filter((label) => label !== 'le')]).toEqual([
          name,
          METRICS[name].labels,
        ]);
      }
    }
  });

  it('counts an attempt under one outcome only', () => {
    const attempts = processFamilies(PROCESS).find(({ name }) => name === 'attempts_total');
    const of = (outcome: string): unknown =>
      attempts?.samples.find(({ labels }) => labels['outcome'] === outcome && labels['queue'] === ODD)?.value;
    expect([of('failed'), of('timed_out')]).toEqual([3, 2]);
  });

  it('shows a queue once that two brokers of the app have', () => {
    const text = exposition(
      brokerFamilies({ ...BROKER, looks: [LOOK, { ...LOOK, alerts: [ALERT, ALERT] }] }),
    );
    expect(lintMetrics(text)).toEqual([]);
  });

  it('says of a broker that is away nothing but that', () => {
    expect(exposition(brokerFamilies(null))).toBe(
      '# HELP message_queue_broker_up Whether the broker answers, each of them where there are several; of one that does not, the other metrics are absent.\n' +
        '# TYPE message_queue_broker_up gauge\nmessage_queue_broker_up 0\n',
    );
  });

  it('goes on showing the brokers that answer while another one is away', () => {
    const text = exposition(brokerFamilies({ ...BROKER, areUp: false }));
    expect(text).toContain('message_queue_broker_up 0\n');
    expect(text).toContain('message_queue_jobs{');
  });

  it('never shows more than all slots as busy, as while a worker stops', () => {
    const instances = [instance({ q: [2, 5, 0] })];
    const text = exposition(
      brokerFamilies({ ...BROKER, looks: [{ ...LOOK, counts: new Map([['q', SNAPSHOT]]), instances }] }),
    );
    expect(text).toContain('message_queue_worker_utilization_ratio{queue="q"} 1\n');
  });

  it('says nothing of waits and run times of what never ran here', () => {
    const record = emptyRecord();
    record[COUNTER_AT.added] = 1;
    const text = exposition(
      processFamilies({ ...PROCESS, series: [{ queue: 'q', job: 'j', record, dead: new Map() }] }),
    );
    expect(text).toContain('message_queue_jobs_added_total{queue="q",job="j"} 1\n');
    expect(text).not.toContain('_seconds_bucket');
  });
});

const ALERT: MeasuredLook['alerts'][number] = {
  ...{
    rule: 'NoWorker',
    queue: '',
    severity: 'critical',
    state: 'firing',
    incident: 'i',
    since: 1,
    firedAt: 0,
    sentTo: [],
    clearSince: null,
  },
  ...{
    value: 1,
    limit: 0,
    message: '',
    firedAt: null,
    toSend: null,
    reminders: 0,
    sentTo: [],
    sentAt: null,
    mutedUntil: null,
    mutedBy: null,
    version: 1,
  },
};
