import { createBullBoard } from '@bull-board/api';
import type { HttpServer } from '@nestjs/common';
import type { ApplicationConfig, ModuleRef } from '@nestjs/core';
import { HostCode } from '../../../kernel/host/host-code.js';
import { opensUnlocked } from '../../../kernel/values/environment-name.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { ManagedQueues } from '../../broker/managed-queues.js';
import type { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import type { QueueAudit } from '../../privacy/audit/queue-audit.js';
import { Privacy } from '../../privacy/privacy.js';
import type { RevealedJob } from '../../privacy/reveal/job-reveal.js';
import { basicAuthPrincipal } from './basic-auth.js';
import type { BoardSettings } from './board-access.js';
import { boardAddress, inOrder, mountBoard } from './board-mount.js';
import type { BoardStep } from './board-mount.js';
import { sameSiteChanges, sameSiteForms, securityHeaders } from './board-protection.js';
import { BoardUsers } from './board-users.js';
import { isForReveal, revealAddress, revealStep } from './reveal/reveal-step.js';
import type { Reveal } from './reveal/reveal-step.js';
import { BoardQueueAdapter } from './view/board-queue-adapter.js';
import type { BoardParts } from './view/board-queue-adapter.js';
import { BoardServer } from './board-server.js';
import { BoardView } from './view/board-view.js';
import { accessStep, guardNameOf } from './guard-access.js';
import { loopbackAccess, noAccess } from './loopback-access.js';

/** The pages that reveal jobs work without a script; everything else is asked for by one. */
const sameSite: BoardStep = (request, response, next) =>
  (isForReveal(request) ? sameSiteForms : sameSiteChanges)(request, response, next);

type BullBoard = ReturnType<typeof createBullBoard>;

/**
 * Bull Board in the web server of the app: our headers, cross-site check and access check before its server, in one
 * chain, so that nothing gets past them.
 */
export class MountedBoard {
  readonly #board: BullBoard | undefined;
  readonly #users: BoardUsers;
  readonly #address: string;
  /** Where the board is and who may see it, or why there is none. */
  readonly state: string;

  constructor(
    server: HttpServer,
    private readonly settings: BoardSettings,
    app: ApplicationConfig,
    private readonly moduleRef: ModuleRef,
  ) {
    const address = (this.#address = boardAddress(app, settings.path));
    this.#users = new BoardUsers(settings);
    const board = new BoardServer().setBasePath(address);
    const { step, openTo } = this.#access();
    const chain = inOrder([
      securityHeaders,
      sameSite,
      step,
      this.#users.step,
      revealStep(address, this.#users, (...asked) => this.#reveal(...asked)),
      board.getRouter() as BoardStep,
    ]);
    if (!mountBoard(server, address, chain)) {
      this.state = `off: it works on Express and Fastify, and this app runs on ${server.getType()}`;
      new SafeLogger('MessageQueueModule').warn(`The board is ${this.state}.`);
      return;
    }
    this.state = `${address}, open to ${openTo}`;
    this.#board = createBullBoard({
      queues: [],
      serverAdapter: board,
      options: {
        uiConfig: {
          boardTitle: settings.title,
          hideRedisDetails: true,
          showWorkers: false,
          hideDocsLink: true,
        },
      },
    });
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
      revealAt: (queue, id) => (users.may('reveal') ? revealAddress(this.#address, queue, id) : null),
    };
    this.#board?.setQueues(queues.names().map((name) => new BoardQueueAdapter(queues.get(name), parts)));
  }

  async #reveal(...asked: Parameters<Reveal>): Promise<RevealedJob> {
    const job = await this.moduleRef.get(Privacy, { strict: false }).revealJob(...asked);
    const view = new BoardView(this.settings, this.moduleRef.get(HostCode, { strict: false }));
    const { data, returnValue } = view.redacted({ ...job, data: job.payload, returnValue: job.result });
    return { ...job, payload: data, result: returnValue };
  }

  #access(): { readonly step: BoardStep; readonly openTo: string } {
    const { access, environment } = this.settings;
    if (access === undefined) {
      if (opensUnlocked(environment)) return { step: loopbackAccess, openTo: 'this machine only' };
      const or = environment === 'unset' ? ', or NODE_ENV=development that this machine may' : '';
      return { step: noAccess, openTo: `nobody until board.access says who may use it${or}` };
    }
    const guard = guardNameOf(access);
    const openTo = basicAuthPrincipal(access)
      ? 'whoever logs in (basic authentication)'
      : `whoever ${guard ?? 'the middleware in board.access'} lets in`;
    return { step: accessStep(access, this.moduleRef), openTo };
  }
}
