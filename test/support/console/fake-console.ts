import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { BUSY_EVENTS, FakeEvents } from '../monitored-events.js';
import { consoleStep } from '../../../src/message-queue/operations/console/console-step.js';
import type { Overview, QueueRow } from '../../../src/message-queue/operations/rest/answers.js';
import {
  ALERTS,
  at,
  busyOverview,
  durations,
  GROUPS,
  historyOf,
  NOW,
  QUIET_ALERTS,
  WORKERS,
} from './made-up.js';

/** An answer, or the status with which it is refused. */
type Answer = Readonly<Record<string, unknown>> | { readonly status: number; readonly detail: string };

/** What a test turns. */
export interface FakeState {
  overview: (hours: number) => Overview;
  /** Answers everything with this, as an app does whose broker or log-in is away. */
  refusal: { readonly status: number; readonly detail: string } | null;
  matched: number;
  /** How many dead letters are listed. */
  letters: number;
  /** How many of a long change have moved; null: changes are short. */
  moved: number | null;
  /** How far a long change gets, however often it is asked about: a test that looks at it under way must not race it. */
  getsTo: number;
  /** Longest answers that people may type or send. */
  rewrite: (answer: unknown) => unknown;
}

const LETTERS = Array.from({ length: 36 }, (_, index) => {
  const of = GROUPS[index < 27 ? 0 : 1 + (index % 3)]!;
  return {
    ...{
      queue: of.queue,
      id: `m_${(7_919 * (index + 3)).toString(36)}Qx2k9PzR4tY`.slice(0, 18),
      job: of.job,
      error: of.error,
    },
    ...{ text: of.text.replace('…', String(580 + index)), failedAt: at(index * 97_000), attempts: 3 },
  };
});

/** The console over made-up answers: what a real app answers only after hours, or never. */
export class FakeConsole {
  /** Changes that were asked for, such as `POST /queues/a/pause`, with their bodies. */
  readonly asked: { readonly what: string; readonly body: unknown }[] = [];
  /** How often each question was asked. */
  readonly reads = new Map<string, number>();
  state: FakeState = {
    overview: busyOverview,
    refusal: null,
    matched: 27,
    letters: 12,
    moved: null,
    getsTo: 24_000,
    rewrite: (answer) => answer,
  };

  private letters = LETTERS;
  private readonly events = new FakeEvents();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<FakeConsole> {
    const place = {
      address: '/admin/console',
      restAddress: '/api/queue',
      boardAddress: '/admin/queues',
      title: 'Message queues',
    };
    const files = consoleStep(place);
    const server = createServer((request, response) => {
      const { url = '' } = request;
      if (url.startsWith(place.restAddress)) void fake.rest(request, response);
      else if (url.startsWith(place.address)) {
        request.url = url.slice(place.address.length);
        files(request, response, () => response.end());
      } else response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fake = new FakeConsole(
      server,
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/console`,
    );
    return fake;
  }

  private async rest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://fake');
    const path = pathname.slice('/api/queue'.length);
    const { method = 'GET' } = request;
    if (method === 'GET') this.reads.set(path, (this.reads.get(path) ?? 0) + 1);
    const body = method === 'GET' ? null : await json(request).catch(() => null);
    if (method !== 'GET') this.asked.push({ what: `${method} ${path}`, body });
    const answer =
      this.state.refusal ??
      (method === 'GET' ? this.read(path, searchParams) : await this.change(path, body));
    const status = 'status' in answer && typeof answer.status === 'number' ? answer.status : 200;
    response.writeHead(status, {
      'Content-Type': status < 400 ? 'application/json' : 'application/problem+json',
    });
    response.end(JSON.stringify(this.state.rewrite(answer)));
  }

  private read(path: string, query: URLSearchParams): Answer {
    const hours = Number(query.get('hours') ?? 6);
    const overview = this.state.overview(hours);
    const [, page = '', first = '', second = ''] = path.split('/').map(decodeURIComponent);
    const row = overview.queues.find(({ queue }) => queue === first);
    switch (page) {
      case 'overview':
        return { ...overview };
      case 'queues':
        if (row === undefined) return { status: 404, detail: `There is no queue ${first}.` };
        return second === 'history' ? historyAnswer(row, hours, query.get('job')) : queueAnswer(row);
      case 'jobs':
        return second === '' ? jobsAnswer(overview.queues, query) : jobAnswer(first, second);
      case 'dead-letters':
        return first === 'groups'
          ? groupsAnswer(overview, query)
          : { letters: this.letters.slice(0, this.state.letters), cursor: null };
      case 'schedules':
        return { schedules: overview.schedules };
      case 'workers':
        return { workers: overview.queues.length === 0 ? [] : WORKERS };
      case 'alerts':
        return { alerts: overview.alerts.length === 0 ? [] : [...ALERTS, ...QUIET_ALERTS] };
      case 'audit':
        return { entries: AUDIT, cursor: null };
      case 'events':
        return eventsAnswer(overview, this.events);
      case 'operations':
        return this.operation();
      default:
        return { status: 404, detail: 'There is no such route.' };
    }
  }

  private operation(): Answer {
    this.state.moved = Math.min((this.state.moved ?? 0) + 4_000, this.state.getsTo);
    const state = this.state.moved < 24_000 ? 'running' : 'done';
    return {
      ...{ id: 'op-1', action: 'replay', state, by: 'ann', startedAt: at(4_000), matched: 24_000 },
      ...{ moved: this.state.moved, gone: 0, failed: [] },
    };
  }

  private async change(path: string, body: unknown): Promise<Answer> {
    const [, , , id = ''] = path.split('/');
    if (path.endsWith('/retry')) this.letters = this.letters.filter((letter) => letter.id !== id);
    if (path.startsWith('/events/')) {
      const { ids } = body as { ids?: string[] };
      return {
        changed: await (path.endsWith('/replay') ? this.events.replay(ids) : this.events.discard(ids)),
      };
    }
    if (!path.startsWith('/dead-letters/'))
      return { removed: 1288, mutedUntil: new Date(NOW + 3_600_000).toISOString() };
    const { dryRun, matched } = body as { dryRun: boolean; matched?: number };
    if (dryRun) {
      return {
        ...{
          dryRun,
          matched: this.state.matched,
          until: at(0),
          byError: { DependencyUnavailableError: this.state.matched },
        },
        ...{ byJob: { 'send-notification': this.state.matched }, sample: LETTERS.slice(0, 5) },
      };
    }
    if (this.state.matched > (matched ?? 0))
      return { status: 409, detail: 'More letters match than were previewed.' };
    if (this.state.moved !== null) return this.operation();
    return { dryRun, moved: this.state.matched, gone: 0, failed: [] };
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

function eventsAnswer({ events }: Overview, kept: FakeEvents): Answer {
  const { waits: _waits, runs: _runs, alerts, ...state } = BUSY_EVENTS;
  const rows = alerts.map((alert) => ({ ...alert, since: new Date(alert.since).toISOString() }));
  const letters = kept.deadLetters(100);
  const deadLetters = { ...state.deadLetters, kept: letters.length };
  return {
    ...{ at: new Date(NOW).toISOString(), process: { host: 'web-7d9f-2xkqp', pid: 17 } },
    events: events === null ? null : { ...state, deadLetters, alerts: rows },
    deadLetters: letters.map((letter) => ({ ...letter, at: new Date(letter.at).toISOString() })),
  };
}

function groupsAnswer({ deadLetters }: Overview, query: URLSearchParams): Answer {
  const queue = query.get('queue');
  const groups = deadLetters.groups.filter((group) => queue === null || group.queue === queue);
  return { ...deadLetters, groups };
}

function historyAnswer(row: QueueRow, hours: number, job: string | null): Answer {
  const step = hours > 24 ? 15 : hours > 6 ? 5 : 1;
  const points = historyOf(hours, row.perMinute, step);
  return {
    queue: row.queue,
    job,
    step,
    from: points[0]?.at ?? 0,
    points,
    deploys: [{ at: NOW - 64 * 60_000, version: '0.2.1' }],
  };
}

function queueAnswer(queue: QueueRow): Answer {
  const figures = { failureRate: queue.failureRate, waitMs: queue.waitMs, runMs: queue.runMs };
  return {
    ...{ at: new Date(NOW).toISOString(), queue, workers: WORKERS.slice(0, 6) },
    announced: {
      ...{
        name: queue.queue,
        description: queue.description,
        jobs: ['send-message', 'delivery-confirmation'],
        concurrency: 10,
      },
      ...{ attempts: 5, timeoutMs: 30_000, maxWaiting: 100_000, isSealed: true, isBuiltIn: queue.isBuiltIn },
    },
    jobs: [
      { job: 'send-message', perMinute: queue.perMinute * 0.7, ...figures },
      { job: 'delivery-confirmation', perMinute: queue.perMinute * 0.3, ...figures, runMs: durations(31) },
    ],
  };
}

function jobsAnswer(queues: readonly QueueRow[], query: URLSearchParams): Answer {
  if (queues.length === 0) return { jobs: [], looked: 0, of: 0, cursor: null };
  const states = ['active', 'waiting', 'delayed', 'completed', 'failed'];
  const jobs = LETTERS.slice(0, 20).map(({ queue, id, job, error, text }, index) => {
    const state = query.get('state') ?? states[index % 5]!;
    const isOver = state === 'completed' || state === 'failed';
    return {
      ...{
        queue,
        id,
        job,
        state,
        priority: 5,
        addedAt: at(index * 61_000 + 40_000),
        attempts: isOver ? 3 : 0,
      },
      ...{
        dueAt: state === 'delayed' ? at(-240_000) : null,
        startedAt: isOver || state === 'active' ? at(index * 61_000 + 20_000) : null,
      },
      ...{
        finishedAt: isOver ? at(index * 61_000) : null,
        error: state === 'failed' ? `${error}: ${text}` : null,
      },
    };
  });
  return { jobs, looked: 2000, of: 14_210, cursor: query.has('cursor') ? null : 'next' };
}

function jobAnswer(queue: string, id: string): Answer {
  const run = (attempt: number, agoMs: number, given: object): object => ({
    ...{
      attempt,
      at: at(agoMs),
      kind: 'error',
      error: 'DependencyUnavailableError',
      text: 'smtp.example.net:587 refused the connection (ECONNREFUSED)',
    },
    ...{ durationMs: 1_240 + attempt * 31, waitMs: 84 + attempt * 9, worker: 'worker-7d9f-2xkqp:17' },
    ...given,
  });
  return {
    ...{
      queue,
      id,
      job: 'send-notification',
      state: 'failed',
      priority: 8,
      addedAt: at(3_400_000),
      dueAt: null,
      startedAt: at(1_470_000),
    },
    ...{
      finishedAt: at(1_468_000),
      attempts: 3,
      maxAttempts: 3,
      error: 'DependencyUnavailableError: smtp.example.net:587 refused the connection',
      isSealed: false,
    },
    payload: {
      recipientId: 'u-42',
      type: 'email',
      title: 'Ann wrote to you',
      message: '[redacted]',
      createdAt: at(3_400_000),
    },
    ...{ result: null, progress: 0, correlationId: 'c-1042', cancelled: null },
    runs: [
      run(1, 3_390_000, {}),
      run(2, 3_370_000, {
        text: 'connect ETIMEDOUT 203.0.113.7:587\n    at TCPConnectWrap.afterConnect',
        error: 'Error',
      }),
      run(2, 2_600_000, {
        kind: 'crash',
        error: null,
        text: 'Its worker went away while it ran.',
        durationMs: null,
        worker: 'worker-6c8e-old11:17',
      }),
      run(3, 1_470_000, {}),
    ],
    replays: [{ at: at(2_700_000), by: 'ben' }],
  };
}

const AUDIT = [
  [
    'ann',
    'mute-alert',
    'FailureRateHigh of message-notification',
    null,
    null,
    null,
    'done',
    'console',
    300_000,
  ],
  [
    'ann',
    'replay',
    'message-notification',
    '{"queue":"message-notification","error":"refused the connection"}',
    27,
    'SMTP relay restored, INC-2231',
    'done',
    'console',
    900_000,
  ],
  ['ben', 'purge', 'stream_chunks', null, null, null, 'refused', 'rest', 4_000_000],
  ['cron@ops-1', 'pause', 'message-cleanup', null, null, 'legal hold', 'done', 'cli', 40_000_000],
  [
    'ann',
    'discard',
    'message-delivery',
    '{"from":"2026-11-20T00:00:00.000Z"}',
    12_000,
    'too old to be sent',
    'stopped',
    'rest',
    90_000_000,
  ],
].map(([by, action, target, filter, count, reason, outcome, via, ago], index) => {
  return {
    id: String(index),
    at: NOW - Number(ago),
    by,
    action,
    target,
    filter,
    count,
    reason,
    outcome,
    via,
  };
});
