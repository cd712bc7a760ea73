import { Inject, Module } from '@nestjs/common';
import type {
  DynamicModule,
  FactoryProvider,
  HttpServer,
  ModuleMetadata,
  OnApplicationBootstrap,
  OnModuleInit,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { HostCode } from '../../../kernel/host/host-code.js';
import { ManagedQueues } from '../../broker/managed-queues.js';
import { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import { QueueAudit } from '../../privacy/audit/queue-audit.js';
import { Doors } from '../access/doors/doors.js';
import type { BoardSettings } from './board-access.js';
import type { MountedBoard } from './mounted-board.js';

/** How the settings are obtained. */
export interface BoardModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...injected: never[]) => BoardSettings | Promise<BoardSettings>;
}

/** Token of the board's settings. */
const BOARD_SETTINGS = Symbol('nestjs-message-queue:board-settings');

/**
 * Bull Board over all registered queues, on Express and Fastify. Bull Board and its Express are loaded only in a process
 * that shows it. Needs `ManagedQueues` and `DeadLetterService` somewhere in the app.
 */
@Module({})
export class BoardModule implements OnModuleInit, OnApplicationBootstrap {
  #board: MountedBoard | undefined;
  #state = 'off: this process has no web server';

  constructor(
    @Inject(BOARD_SETTINGS) readonly settings: BoardSettings,
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
    return this.#board?.state ?? this.#state;
  }

  /** Where the board is; null where there is none. Known once the module is initialised. */
  get address(): string | null {
    return this.#board?.address ?? null;
  }

  /** Puts a page of our own into the board's menu, where there is a board. */
  link(text: string, url: string): void {
    this.#board?.link(text, url);
  }

  /** Mounts the board, behind the host's own middleware and before its routes. */
  onModuleInit(): void {
    // There is no adapter, and no board, in a process made by createApplicationContext (null) or by a testing module (undefined).
    const server = this.host.httpAdapter as HttpServer | null | undefined;
    if (!this.settings.enabled) this.#state = 'off (board.enabled: false)';
    else if (server !== undefined && server !== null) {
      const mounted = require('./mounted-board.js') as typeof import('./mounted-board.js');
      const doors = this.moduleRef.get(Doors, { strict: false });
      this.#board = new mounted.MountedBoard(server, this.settings, doors, this.app, this.moduleRef);
    }
  }

  /** Puts every queue that is registered by now on the board. */
  onApplicationBootstrap(): void {
    this.#board?.show(
      this.moduleRef.get(ManagedQueues, { strict: false }),
      this.moduleRef.get(DeadLetterService, { strict: false }),
      this.moduleRef.get(QueueAudit, { strict: false }),
      this.moduleRef.get(HostCode, { strict: false }),
    );
  }
}
