import type { ModuleRef } from '@nestjs/core';
import { HostCode } from '../../../kernel/host/host-code.js';
import { EventsBeside } from '../../../kernel/monitored/events-beside.js';
import { answeredWithin } from '../../../kernel/time/answered-within.js';
import { Clock } from '../../../kernel/time/clock.js';
import { opensUnlocked } from '../../../kernel/values/environment-name.js';
import { Broker } from '../../broker/broker.js';
import { ManagedQueues } from '../../broker/managed-queues.js';
import { LongChanges } from '../../dead-letter/changes/long-changes.js';
import { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import { QueueAdministration } from '../../facade/queue-administration.js';
import { JobSearch } from '../../finding/job-search.js';
import { JobStories } from '../../finding/job-story.js';
import type { SeenPayload } from '../../finding/payload-field.js';
import { BrokerUnavailableError } from '../../jobs/errors.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { MessageQueueService } from '../../message-queue.service.js';
import { Alerts } from '../../monitoring/alerts/alerts.js';
import { FleetQueues } from '../../monitoring/activity/fleet-queues.js';
import { Fleet } from '../../monitoring/activity/fleet.js';
import { Histories } from '../../monitoring/activity/histories.js';
import { QueueMonitor } from '../../monitoring/queue-monitor.js';
import { QueueAudit } from '../../privacy/audit/queue-audit.js';
import { Schedules } from '../../schedules/schedules.js';
import { BoardModule } from '../board/board.module.js';
import { BoardView } from '../board/view/board-view.js';
import type { Exchange, ExchangeStep } from '../http/exchange.js';
import { openApi } from './openapi.js';
import { Overviews } from './overview/overviews.js';
import { problemOf } from './problem.js';
import type { RestServices } from './rest-services.js';
import { ROUTES } from './routes/route-table.js';
import { BESIDE_ROUTES } from './routes/summary-routes.js';
import { Router } from './router.js';

/** How long a question may take, milliseconds: behind it the broker is away. Changes have deadlines of their own. */
const LONGEST_LOOK_MS = 10_000;

/** What REST is made from. */
export interface RestContext {
  readonly moduleRef: ModuleRef;
  readonly config: MessageQueueConfig;
  /** Of board and console. */
  readonly title: string;
  /** Known once every part is mounted. */
  readonly addresses: () => { readonly rest: string | null; readonly board: string | null };
}

/** REST as it is mounted. */
export interface RestAnswers {
  /** Whether it has such a path: the host's own routes get the rest. */
  readonly knows: (exchange: Exchange) => boolean;
  readonly answer: ExchangeStep;
  /** By whole paths of their own, behind the global prefix like all. */
  readonly beside: Readonly<Record<string, ExchangeStep>>;
}

/**
 * REST below its path, and beside it. Services are asked for with the first request.
 * @public loaded with require
 */
export function restParts(context: RestContext): RestAnswers {
  let services: RestServices | undefined;
  const found = (): RestServices => (services ??= servicesOf(context));
  const router = new Router(ROUTES, found);
  const beside = Object.entries(BESIDE_ROUTES).map(([path, route]) => {
    return [path, answering(new Router([{ ...route, path: '' }], found))] as const;
  });
  return {
    knows: ({ segments }) => segments !== null && router.knows(segments),
    answer: answering(router),
    beside: Object.fromEntries(beside),
  };
}

function answering(router: Router): ExchangeStep {
  return async (exchange) => {
    const { segments, isChange } = exchange;
    if (segments === null || !router.knows(segments)) return false;
    try {
      const answer = router.answer(exchange, segments);
      const { status, body, headers } = await (isChange ? answer : inTime(answer));
      for (const [name, value] of Object.entries(headers)) exchange.response.setHeader(name, value);
      if (isChange) router.forget();
      exchange.sendJson(status, body);
    } catch (error) {
      const told = problemOf(error);
      if (told === null) throw error;
      for (const [name, value] of Object.entries(told.headers)) exchange.response.setHeader(name, value);
      exchange.sendJson(told.problem.status, told.problem, 'application/problem+json');
    }
    return true;
  };
}

function inTime<T>(answer: Promise<T>): Promise<T> {
  const tooLate = (): Error =>
    new BrokerUnavailableError(`The broker did not answer within ${LONGEST_LOOK_MS} ms.`);
  return answeredWithin(answer, LONGEST_LOOK_MS, tooLate);
}

function servicesOf({ moduleRef, config, title, addresses }: RestContext): RestServices {
  const get = <T>(type: abstract new (...args: never[]) => T): T => moduleRef.get<T>(type, { strict: false });
  const view = new BoardView(get(BoardModule).settings, get(HostCode));
  const seen: SeenPayload = (job, data) => view.redacted({ ...job, data, returnValue: null }).data;
  const queues = new FleetQueues(get(ManagedQueues), get(Fleet));
  const [audit, histories] = [get(QueueAudit), get(Histories)];
  const letters = new DeadLetterService(queues, audit).seenAs(seen);
  const schedules = get(Schedules).over(queues);
  return {
    ...{ provider: config.provider, queues, view, seen, letters, histories, schedules, audit },
    administration: new QueueAdministration(queues, audit),
    messageQueue: get(MessageQueueService),
    monitor: get(QueueMonitor),
    overviews: new Overviews({
      ...{ queues, letters, schedules, histories, fleet: get(Fleet), alerts: get(Alerts) },
      events: get(EventsBeside),
      monitor: get(QueueMonitor).sharedOver(queues),
      about: () => ({
        ...{ environment: config.environment, title, boardUrl: addresses().board },
        runbookUrl: config.operations.alerts.runbookUrl,
      }),
    }),
    longChanges: get(LongChanges),
    search: new JobSearch(queues),
    stories: new JobStories(queues),
    alerts: get(Alerts),
    events: () => get(EventsBeside).get(),
    now: () => get(Clock).now(),
    activity: () => get(Broker).activity,
    opensUnlocked: opensUnlocked(config.environment),
    openApi: () => openApi(ROUTES, addresses().rest ?? ''),
  };
}
