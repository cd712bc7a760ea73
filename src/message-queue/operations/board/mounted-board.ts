import { createBullBoard } from '@bull-board/api';
import type { UIConfig } from '@bull-board/api/typings/app';
import type { HttpServer } from '@nestjs/common';
import type { ApplicationConfig, ModuleRef } from '@nestjs/core';
import { HostCode } from '../../../kernel/host/host-code.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { ManagedQueues } from '../../broker/managed-queues.js';
import type { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import type { QueueAudit } from '../../privacy/audit/queue-audit.js';
import { Groups } from '../../groups/groups.js';
import { QueueMonitor } from '../../monitoring/queue-monitor.js';
import { Privacy } from '../../privacy/privacy.js';
import type { RevealedJob } from '../../privacy/reveal/job-reveal.js';
import type { Doors } from '../access/doors/doors.js';
import { changeRefusal, formRefusal } from '../http/change-refusal.js';
import { answeredBy, stepOf } from '../http/exchange.js';
import type { ExchangeStep } from '../http/exchange.js';
import { mountedAddress, inOrder, mountAt } from '../http/mount.js';
import type { HttpStep } from '../http/mount.js';
import { refuseInText } from '../access/doors/refusals.js';
import type { BoardSettings } from './board-access.js';
import { BoardMethod } from './board-method.js';
import { BoardUsers } from './board-users.js';
import { groupsAddress } from './groups/groups-look.js';
import { groupsStep, isForGroups, queuesWithGroups } from './groups/groups-step.js';
import type { GroupsParts } from './groups/groups-step.js';
import { isForReveal, revealAddress, revealStep } from './reveal/reveal-step.js';
import type { Reveal } from './reveal/reveal-step.js';
import { BoardQueueAdapter } from './view/board-queue-adapter.js';
import type { BoardParts } from './view/board-queue-adapter.js';
import { BoardServer } from './board-server.js';
import { BoardView } from './view/board-view.js';

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // The board's charts and editor set style attributes.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

type BullBoard = ReturnType<typeof createBullBoard>;

/**
 * Bull Board in the web server of the app: our headers, cross-site check and access check before its server, in one
 * chain, so that nothing gets past them.
 */
export class MountedBoard {
  readonly #board: BullBoard | undefined;
  readonly #users = new BoardUsers();
  readonly #address: string;
  readonly #server: BoardServer;
  readonly #links: NonNullable<UIConfig['miscLinks']> = [];
  /** Where the board is and who may see it, or why there is none. */
  readonly state: string;

  constructor(
    server: HttpServer,
    private readonly settings: BoardSettings,
    doors: Doors,
    app: ApplicationConfig,
    private readonly moduleRef: ModuleRef,
  ) {
    const address = (this.#address = mountedAddress(app, settings.path));
    const board = (this.#server = new BoardServer()).setBasePath(address);
    const access = new BoardMethod(settings, doors, moduleRef);
    const pages = inOrder([
      revealStep(address, this.#users, (...asked) => this.#reveal(...asked)),
      groupsStep({ address, title: settings.title }, this.#users, () => this.#groupsParts()),
      board.getRouter() as HttpStep,
    ]);
    const door = doors.door({
      via: 'board',
      access,
      policy: CONTENT_SECURITY_POLICY,
      refuse: refuseInText,
      // Our own pages work without a script; everything else is asked for by one.
      changes: (request) =>
        isForReveal(request) || isForGroups(request) ? formRefusal(request) : changeRefusal(request),
    });
    if (!mountAt(server, address, stepOf(door.before(this.#asVisitor(pages))))) {
      this.state = `off: it works on Express and Fastify, and this app runs on ${server.getType()}`;
      new SafeLogger('MessageQueueModule').warn(`The board is ${this.state}.`);
      return;
    }
    this.state = `${address}, open to ${access.openTo}`;
    this.#board = createBullBoard({
      queues: [],
      serverAdapter: board,
      options: { uiConfig: this.#look() },
    });
  }

  /** Where it is; null on a platform that it does not work on. */
  get address(): string | null {
    return this.#board === undefined ? null : this.#address;
  }

  /** Puts a page of our own into the menu. */
  link(text: string, url: string): void {
    this.#links.push({ text, url });
    this.#server.setUIConfig(this.#look());
  }

  #look(): UIConfig {
    const { title } = this.settings;
    return {
      ...{ boardTitle: title, hideRedisDetails: true, showWorkers: false, hideDocsLink: true },
      ...(this.#links.length > 0 && { miscLinks: this.#links }),
    };
  }

  /** Puts all queues on the board. */
  show(queues: ManagedQueues, deadLetters: DeadLetterService, audit: QueueAudit, host: HostCode): void {
    const view = new BoardView(this.settings, host);
    const users = this.#users;
    const parts: BoardParts = {
      view,
      replay: (queue, ids) => {
        const [only = ''] = ids;
        if (ids.length === 1) return deadLetters.replay(queue, only, users.id);
        return deadLetters.replayEach(queue, ids, users.id);
      },
      audited: (deed, act, countOf) => audit.audited({ ...deed, by: users.id }, act, countOf),
      note: (deed) => audit.note({ ...deed, by: users.id }),
      mayChange: () => users.mayChange,
      revealAt: (queue, id) => (users.may('reveal') ? revealAddress(this.#address, queue, id) : null),
    };
    if (queuesWithGroups(queues).length > 0) this.link('Groups', groupsAddress(this.#address));
    this.#board?.setQueues(queues.names().map((name) => new BoardQueueAdapter(queues.get(name), parts)));
  }

  async #reveal(...asked: Parameters<Reveal>): Promise<RevealedJob> {
    const job = await this.moduleRef.get(Privacy, { strict: false }).revealJob(...asked);
    const view = new BoardView(this.settings, this.moduleRef.get(HostCode, { strict: false }));
    const { data, returnValue } = view.redacted({ ...job, data: job.payload, returnValue: job.result });
    return { ...job, payload: data, result: returnValue };
  }

  #groupsParts(): GroupsParts {
    const { moduleRef } = this;
    return {
      queues: moduleRef.get(ManagedQueues, { strict: false }),
      groups: moduleRef.get(Groups, { strict: false }),
      monitor: moduleRef.get(QueueMonitor, { strict: false }),
    };
  }

  /** What the pages and Bull Board do is done by whoever was let in. */
  #asVisitor(pages: HttpStep): ExchangeStep {
    const answer = answeredBy(pages);
    return (exchange) => this.#users.run(exchange.visitor, () => answer(exchange));
  }
}
