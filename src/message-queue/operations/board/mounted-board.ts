import { createBullBoard } from '@bull-board/api';
import type { HttpServer } from '@nestjs/common';
import type { ApplicationConfig, ModuleRef } from '@nestjs/core';
import type { HostCode } from '../../../kernel/host/host-code.js';
import { opensUnlocked } from '../../../kernel/values/environment-name.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { ManagedQueues } from '../../broker/managed-queues.js';
import type { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import { isBasicAuthAccess } from './basic-auth.js';
import type { BoardSettings } from './board-access.js';
import { boardAddress, inOrder, mountBoard } from './board-mount.js';
import type { BoardStep } from './board-mount.js';
import { sameSiteChanges, securityHeaders } from './board-protection.js';
import { BoardQueueAdapter } from './view/board-queue-adapter.js';
import { BoardServer } from './board-server.js';
import { BoardView } from './view/board-view.js';
import { accessStep, guardNameOf } from './guard-access.js';
import { loopbackAccess, noAccess } from './loopback-access.js';

type BullBoard = ReturnType<typeof createBullBoard>;

/**
 * Bull Board in the web server of the app: our headers, cross-site check and access check before its server, in one
 * chain, so that nothing gets past them.
 */
export class MountedBoard {
  readonly #board: BullBoard | undefined;
  /** Where the board is and who may see it, or why there is none. */
  readonly state: string;

  constructor(
    server: HttpServer,
    private readonly settings: BoardSettings,
    app: ApplicationConfig,
    private readonly moduleRef: ModuleRef,
  ) {
    const address = boardAddress(app, settings.path);
    const board = new BoardServer().setBasePath(address);
    const { step, openTo } = this.#access();
    const chain = inOrder([securityHeaders, sameSiteChanges, step, board.getRouter() as BoardStep]);
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
  show(queues: ManagedQueues, deadLetters: DeadLetterService, host: HostCode): void {
    const view = new BoardView(this.settings, host);
    const replay = (queue: string, id: string): Promise<void> => deadLetters.replay(queue, id, 'bull-board');
    this.#board?.setQueues(
      queues.names().map((name) => new BoardQueueAdapter(queues.get(name), view, replay)),
    );
  }

  #access(): { readonly step: BoardStep; readonly openTo: string } {
    const { access, environment } = this.settings;
    if (access === undefined) {
      if (opensUnlocked(environment)) return { step: loopbackAccess, openTo: 'this machine only' };
      const or = environment === 'unset' ? ', or NODE_ENV=development that this machine may' : '';
      return { step: noAccess, openTo: `nobody until board.access says who may use it${or}` };
    }
    const guard = guardNameOf(access);
    const openTo = isBasicAuthAccess(access)
      ? 'whoever logs in (basic authentication)'
      : `whoever ${guard ?? 'the middleware in board.access'} lets in`;
    return { step: accessStep(access, this.moduleRef), openTo };
  }
}
