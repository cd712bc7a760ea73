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
import type { MessageQueueConfig } from '../message-queue.options.js';
import type { AccessSettings } from './access/access-settings.js';
import { ACCESS_SETTINGS_OF_APP, Doors } from './access/doors/doors.js';
import { BoardModule } from './board/board.module.js';
import type { HttpStep } from './http/mount.js';
import type { MountedPart, MountedParts } from './mounted-parts.js';
import { PART_MAKERS, PARTS } from './parts.js';
import type { Addresses, PartMakers } from './parts.js';

/** What the operations need to know. */
export interface OperationsModuleSettings {
  readonly config: MessageQueueConfig;
  readonly access: AccessSettings;
  readonly title: string;
}

/** How the settings are obtained. */
export interface OperationsModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...injected: never[]) => OperationsModuleSettings | Promise<OperationsModuleSettings>;
}

const OPERATIONS_MODULE_SETTINGS = Symbol('nestjs-message-queue:operations-settings');

/** REST, console and metrics in the web server of the app, on Express and Fastify; nothing where there is none. */
@Module({
  providers: [
    { provide: PART_MAKERS, useValue: PARTS },
    {
      provide: ACCESS_SETTINGS_OF_APP,
      useFactory: ({ access }: OperationsModuleSettings) => access,
      inject: [OPERATIONS_MODULE_SETTINGS],
    },
    Doors,
  ],
})
export class OperationsModule implements OnModuleInit, OnApplicationBootstrap {
  #parts: MountedParts | undefined;

  constructor(
    @Inject(OPERATIONS_MODULE_SETTINGS) private readonly settings: OperationsModuleSettings,
    @Inject(PART_MAKERS) private readonly makers: PartMakers,
    private readonly doors: Doors,
    private readonly moduleRef: ModuleRef,
    private readonly host: HttpAdapterHost,
    private readonly app: ApplicationConfig,
  ) {}

  /** The module for settings that are known when the app is put together. */
  static registerAsync(options: OperationsModuleAsyncOptions): DynamicModule {
    const { inject = [], useFactory, imports } = options;
    return {
      module: OperationsModule,
      imports,
      providers: [{ provide: OPERATIONS_MODULE_SETTINGS, inject, useFactory }],
    };
  }

  /** What is mounted, where, and open to whom; known once the module is initialised. */
  get mounted(): readonly MountedPart[] {
    return this.#parts?.list ?? [];
  }

  /** Where the parts are; known once the app is initialised. */
  get addresses(): Addresses {
    const at = (name: MountedPart['name']): string | null =>
      this.mounted.find((part) => part.name === name)?.address ?? null;
    const board = this.moduleRef.get(BoardModule, { strict: false }).address;
    return { board, rest: at('rest'), console: at('console'), metrics: at('metrics') };
  }

  /** Metrics behind their door, for a port of the process's own; null where there are none. */
  get metricsPage(): { readonly path: string; readonly step: HttpStep } | null {
    return this.settings.config.operations.metrics === null ? null : this.#made().metrics();
  }

  /** Mounts what there is, behind the host's own middleware and before its routes. */
  onModuleInit(): void {
    // There is no adapter in a process made by createApplicationContext (null) or by a testing module (undefined).
    const server = this.host.httpAdapter as HttpServer | null | undefined;
    const { rest, metrics } = this.settings.config.operations;
    if (server === undefined || server === null || (rest === null && metrics === null)) return;
    this.#made().mount(server, this.app);
  }

  /** The board leads to the console; the console leads back by itself. */
  onApplicationBootstrap(): void {
    const { console } = this.addresses;
    if (console !== null) this.moduleRef.get(BoardModule, { strict: false }).link('Console', console);
  }

  /** Loaded where it is used only. */
  #made(): MountedParts {
    const loaded = (): typeof import('./mounted-parts.js') =>
      require('./mounted-parts.js') as typeof import('./mounted-parts.js');
    const { moduleRef, settings } = this;
    const { config, title } = settings;
    const context = { moduleRef, config, title, addresses: () => this.addresses };
    return (this.#parts ??= new (loaded().MountedParts)(this.doors, context, this.makers));
  }
}
