import { BULL_BOARD_INSTANCE, BullBoardModule } from '@bull-board/nestjs';
import type { BullBoardInstance, BullBoardModuleOptions } from '@bull-board/nestjs';
import { ExpressAdapter } from '@bull-board/express';
import { Inject, Logger, Module } from '@nestjs/common';
import type { DynamicModule, FactoryProvider, ModuleMetadata, OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { ManagedQueues } from '../../broker/managed-queues.js';
import { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import type { BoardOptions } from './board-access.js';
import { sameSiteChanges, securityHeaders } from './board-protection.js';
import { BoardQueueAdapter } from './board-queue-adapter.js';
import { BoardView } from './board-view.js';
import { accessMiddleware } from './guard-access.js';
import { loopbackAccess, noAccess } from './loopback-access.js';
import { UnmountedServer } from './unmounted-server.js';

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

@Module({})
class BoardSettingsModule {}

/**
 * Bull Board over all registered queues. Mounted by `@bull-board/nestjs` (it follows the app's global prefix) with our
 * headers, cross-site check and access check before its router, in one chain, so that nothing gets past them.
 * Needs `ManagedQueues` and `DeadLetterService` somewhere in the app.
 */
@Module({})
export class BoardModule implements OnApplicationBootstrap {
  constructor(
    @Inject(BOARD_SETTINGS) private readonly settings: BoardSettings,
    @Inject(BULL_BOARD_INSTANCE) private readonly board: BullBoardInstance,
    private readonly moduleRef: ModuleRef,
    private readonly host: HttpAdapterHost,
  ) {}

  /** The module for settings that are known when the app is put together. */
  static registerAsync(options: BoardModuleAsyncOptions): DynamicModule {
    const settings: DynamicModule = {
      module: BoardSettingsModule,
      imports: options.imports,
      providers: [{ provide: BOARD_SETTINGS, inject: options.inject ?? [], useFactory: options.useFactory }],
      exports: [BOARD_SETTINGS],
    };
    const board = BullBoardModule.forRootAsync({
      imports: [settings],
      inject: [BOARD_SETTINGS, ModuleRef],
      useFactory: mountOptions,
    });
    return { module: BoardModule, imports: [settings, ...(board.imports ?? []).map(privately)] };
  }

  /** Puts every queue that is registered by now on the board. */
  onApplicationBootstrap(): void {
    this.warnOfOtherPlatforms();
    const queues = this.moduleRef.get(ManagedQueues, { strict: false });
    const deadLetters = this.moduleRef.get(DeadLetterService, { strict: false });
    const view = new BoardView(this.settings);
    this.board.setQueues(
      queues
        .names()
        .map(
          (name) =>
            new BoardQueueAdapter(queues.get(name), view, (queue, id) =>
              deadLetters.replay(queue, id, 'bull-board'),
            ),
        ),
    );
  }

  private warnOfOtherPlatforms(): void {
    // There is no adapter in a process made by createApplicationContext, and no board.
    const platform = (this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined)?.getType();
    if (this.settings.enabled === false || platform === undefined || platform === 'express') return;
    new Logger('MessageQueue').warn(
      `The board is made for the Express platform, not for ${platform}: set board.enabled to false, or check that it works.`,
    );
  }
}

function mountOptions(settings: BoardSettings, moduleRef: ModuleRef): BullBoardModuleOptions {
  const { access, path = DEFAULT_BOARD_PATH, title = 'Message queues' } = settings;
  const unprotected = settings.environment === 'production' ? noAccess : loopbackAccess;
  return {
    route: path.startsWith('/') ? path : `/${path}`,
    adapter: settings.enabled === false ? UnmountedServer : ExpressAdapter,
    middleware: [
      securityHeaders,
      sameSiteChanges,
      access ? accessMiddleware(access, moduleRef) : unprotected,
    ],
    boardOptions: {
      uiConfig: { boardTitle: title, hideRedisDetails: true, showWorkers: false, hideDocsLink: true },
    },
  };
}

/** Bull Board's root module is global: a host's own Bull Board would get ours injected, or we theirs. */
function privately(imported: NonNullable<ModuleMetadata['imports']>[number]): typeof imported {
  return 'module' in imported ? { ...imported, global: false } : imported;
}
