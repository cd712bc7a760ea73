import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GroupPage } from '../../../broker/groups-of-queue.js';
import type { ManagedQueues } from '../../../broker/managed-queues.js';
import type { Groups } from '../../../groups/groups.js';
import { gatesIn } from '../../../groups/named-group.js';
import type { QueueMonitor } from '../../../monitoring/queue-monitor.js';
import type { QueueStats } from '../../../monitoring/queue-stats.js';
import type { HttpStep } from '../../http/mount.js';
import type { BoardUsers } from '../board-users.js';
import { problemOf, sendPage } from '../pages/page.js';
import { PostedForm } from '../pages/posted-form.js';
import { refuse } from '../../http/refuse.js';
import { actOnGroup, wordsOf } from './groups-act.js';
import { groupsAddress, groupsPlaceOf, lookOf, queryOf, STATES } from './groups-look.js';
import type { GroupsPlace, Look } from './groups-look.js';
import { groupsPage } from './groups-page.js';
import type { GroupsNotice } from './groups-page.js';

/** What the pages of groups need of the app. */
export interface GroupsParts {
  readonly queues: ManagedQueues;
  readonly groups: Groups;
  readonly monitor: QueueMonitor;
}

/** Whether a request is for the pages of groups. */
export function isForGroups({ url = '' }: IncomingMessage): boolean {
  return groupsPlaceOf(url) !== null;
}

/** The names of the queues that have groups. */
export function queuesWithGroups(queues: ManagedQueues): string[] {
  return queues.names().filter((name) => queues.get(name).definition.flow !== undefined);
}

/** Shows the groups of a queue to whoever may use the board, and lets them release, pause and resume as they may queues. */
export function groupsStep(
  board: { readonly address: string; readonly title: string },
  users: BoardUsers,
  partsOf: () => GroupsParts,
): HttpStep {
  return async (request, response, next) => {
    const place = groupsPlaceOf(request.url ?? '');
    if (place === null) {
      next();
      return;
    }
    const desk = new GroupsDesk(board, partsOf(), users.mayChange);
    if (request.method === 'GET' || request.method === 'HEAD') await desk.show(response, place);
    else if (request.method !== 'POST') refuse(response, 405, 'Send GET or POST.');
    else await desk.act(request, response, place, users.id);
  };
}

/** Answers one request. */
class GroupsDesk {
  private readonly names: readonly string[];

  constructor(
    private readonly board: { readonly address: string; readonly title: string },
    private readonly parts: GroupsParts,
    private readonly mayChange: boolean,
  ) {
    this.names = queuesWithGroups(parts.queues);
  }

  async show(response: ServerResponse, { queue, query }: GroupsPlace): Promise<void> {
    const [first] = this.names;
    if (first === undefined) refuse(response, 404, 'No queue of this app has groups: none has a flow.');
    else if (queue === null)
      redirect(response, groupsAddress(this.board.address, (await this.standingStill()) ?? first));
    else if (!this.names.includes(queue)) this.refuseUnknown(response, queue);
    else await this.answer(response, 200, queue, lookOf(query), noticeOf(query));
  }

  async act(
    request: IncomingMessage,
    response: ServerResponse,
    { queue, query }: GroupsPlace,
    by: string,
  ): Promise<void> {
    if (queue === null || !this.names.includes(queue)) {
      this.refuseUnknown(response, queue ?? '');
      return;
    }
    const look = lookOf(query);
    const form = await PostedForm.read(request);
    try {
      const done = await actOnGroup(this.parts.groups, queue, form, by);
      if (done === null) {
        refuse(response, 400, 'The board has no such act.');
        return;
      }
      const back = look === undefined ? new URLSearchParams() : queryOf(look);
      back.set('did', done.outcome);
      back.set('on', `${done.group.gate} ${done.group.id}`);
      redirect(response, `${groupsAddress(this.board.address, queue)}?${back.toString()}`);
    } catch (error) {
      const { status, problem } = problemOf(error);
      await this.answer(response, status, queue, look, { kind: 'problem', text: problem });
    }
  }

  /** The first queue in which keys stand still: what somebody is looking for who names none. */
  private async standingStill(): Promise<string | undefined> {
    const parked = await Promise.allSettled(
      this.names.map(async (name) => (await this.parts.monitor.stats(name)).groups.parked),
    );
    return this.names.find((_, index) => {
      const figure = parked[index];
      return figure?.status === 'fulfilled' && figure.value > 0;
    });
  }

  /** What could not be read is missing on the page, which says why. */
  private async answer(
    response: ServerResponse,
    status: number,
    queue: string,
    asked: Look | undefined,
    notice: GroupsNotice | undefined,
  ): Promise<void> {
    const shown = {
      ...this.board,
      queue,
      now: this.parts.queues.get(queue).broker.now(),
      notice,
      mayChange: this.mayChange,
    };
    const gates = gatesIn(this.parts.queues.get(queue).definition.flow);
    try {
      const all = await Promise.all(this.names.map((name) => this.parts.monitor.stats(name)));
      const stats = all[this.names.indexOf(queue)] as QueueStats;
      const look = asked ?? { state: mostUrgent(stats), cursor: null };
      const { groups, cursor } = await this.read(queue, look);
      const queues = this.names.map((name, index) => ({ name, parked: all[index]?.groups.parked ?? 0 }));
      sendPage(response, status, groupsPage({ ...shown, gates, queues, stats, look, groups, cursor }));
    } catch (error) {
      const { status: failed, problem } = problemOf(error);
      const queues = this.names.map((name) => ({ name, parked: 0 }));
      const look = asked ?? { state: 'parked' as const, cursor: null };
      const said = notice?.kind === 'problem' ? notice : ({ kind: 'problem', text: problem } as const);
      const nothing = { stats: null, groups: [], cursor: null };
      sendPage(response, failed, groupsPage({ ...shown, gates, queues, look, ...nothing, notice: said }));
    }
  }

  private async read(queue: string, look: Look): Promise<GroupPage> {
    const { groups } = this.parts;
    if ('state' in look) return groups.list(queue, look);
    return { groups: [await groups.read(queue, look)], cursor: null };
  }

  private refuseUnknown(response: ServerResponse, queue: string): void {
    refuse(response, 404, `There is no queue ${JSON.stringify(queue)} with groups.`);
  }
}

/** The first state that any group is in, so that what needs somebody is seen first. */
function mostUrgent({ groups }: QueueStats): (typeof STATES)[number] {
  return STATES.find((state) => groups[state] > 0) ?? 'parked';
}

function noticeOf(query: URLSearchParams): GroupsNotice | undefined {
  const text = wordsOf(query.get('did'));
  return text === undefined ? undefined : { kind: 'done', about: query.get('on') ?? '', text };
}

function redirect(response: ServerResponse, address: string): void {
  response.statusCode = 303;
  response.setHeader('Location', address);
  response.end();
}
