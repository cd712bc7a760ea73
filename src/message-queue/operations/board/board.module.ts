import { createBullBoard } from '@bull-board/api';
import { Inject, Logger, Module } from '@nestjs/common';
import type {
  DynamicModule,
  FactoryProvider,
  HttpServer,
  ModuleMetadata,
  OnApplicationBootstrap,
  OnModuleInit,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { ManagedQueues } from '../../broker/managed-queues.js';
import { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import { isBasicAuthAccess } from './basic-auth.js';
import type { BoardOptions } from './board-access.js';
import { boardAddress, inOrder, mountBoard } from './board-mount.js';
import type { BoardStep } from './board-mount.js';
import { sameSiteChanges, securityHeaders } from './board-protection.js';
import { BoardQueueAdapter } from './board-queue-adapter.js';
import { BoardServer } from './board-server.js';
import { BoardView } from './board-view.js';
import { accessStep, guardNameOf } from './guard-access.js';
import { loopbackAccess, noAccess } from './loopback-access.js';

/** What the board has to know. */
export interface BoardSettings extends BoardOptions {
  readonly environment: 'development' | 'production' | 'test';
}

/** How the settings come about. */
export interface BoardModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...injected: never[]) => BoardSettings | Promise<BoardSettings>;
}

/** Token of the board's settings. */
const BOARD_SETTINGS = Symbol('nestjs-message-queue:board-settings');

/** Where the board is when nothing else is configured. */
const DEFAULT_BOARD_PATH = '/admin/queues';

type BullBoard = ReturnType<typeof createBullBoard>;

/**
 * Bull Board over all registered queues: our headers, cross-site check and access check before its server, in one chain,
 * so that nothing gets past them. Works on Express and Fastify. Needs `ManagedQueues` and `DeadLetterService` somewhere
 * in the app.
 */
@Module({})
export class BoardModule implements OnModuleInit, OnApplicationBootstrap {
  #board: BullBoard | undefined;
  #state = 'off: this process has no web server';

  constructor(
    @Inject(BOARD_SETTINGS) private readonly settings: BoardSettings,
    private readonly moduleRef: ModuleRef,
    private readonly host: HttpAdapterHost,
    private readonly app: ApplicationConfig,
  ) {}

  /** The module for settings that are known when the app is put together. */
  static registerAsync(options: BoardModuleAsyncOptions): DynamicModule {
    return {
      module: BoardModule,
      imports: options.imports,
      providers: [{ provide: BOARD_SETTINGS, inject: options.inject ?? [], useFactory: options.useFactory }],
    };
  }

  /** Where the board is and who may see it, or why there is none; known once the module is initialised. */
  get state(): string {
    return this.#state;
  }

  /** Mounts the board, behind the host's own middleware and before its routes. */
  onModuleInit(): void {
    // There is no adapter, and no board, in a process made by createApplicationContext (null) or by a testing module (undefined).
    const server = this.host.httpAdapter as HttpServer | null | undefined;
    if (this.settings.enabled === false) this.#state = 'off (board.enabled: false)';
    else if (server !== undefined && server !== null) this.#mount(server);
  }

  /** Puts every queue that is registered by now on the board. */
  onApplicationBootstrap(): void {
    const queues = this.moduleRef.get(ManagedQueues, { strict: false });
    const deadLetters = this.moduleRef.get(DeadLetterService, { strict: false });
    const view = new BoardView(this.settings);
    const replay = (queue: string, id: string): Promise<void> => deadLetters.replay(queue, id, 'bull-board');
    this.#board?.setQueues(
      queues.names().map((name) => new BoardQueueAdapter(queues.get(name), view, replay)),
    );
  }

  #mount(server: HttpServer): void {
    const { path = DEFAULT_BOARD_PATH, title = 'Message queues' } = this.settings;
    const address = boardAddress(this.app, path);
    const board = new BoardServer().setBasePath(address);
    const { step, openTo } = this.#access();
    const chain = inOrder([securityHeaders, sameSiteChanges, step, board.getRouter() as BoardStep]);
    if (!mountBoard(server, address, chain)) {
      this.#state = `off: it works on Express and Fastify, and this app runs on ${server.getType()}`;
      new Logger('MessageQueueModule').warn(`The board is ${this.#state}.`);
      return;
    }
    this.#state = `${address}, open to ${openTo}`;
    this.#board = createBullBoard({
      queues: [],
      serverAdapter: board,
      options: {
        uiConfig: { boardTitle: title, hideRedisDetails: true, showWorkers: false, hideDocsLink: true },
      },
    });
  }

  #access(): { readonly step: BoardStep; readonly openTo: string } {
    const { access, environment } = this.settings;
    if (access === undefined) {
      return environment === 'production'
        ? { step: noAccess, openTo: 'nobody until board.access says who may use it' }
        : { step: loopbackAccess, openTo: 'this machine only' };
    }
    const guard = guardNameOf(access);
    const openTo = isBasicAuthAccess(access)
      ? 'whoever logs in (basic authentication)'
      : `whoever ${guard ?? 'the middleware in board.access'} lets in`;
    return { step: accessStep(access, this.moduleRef), openTo };
  }
}
