import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { packageVersion } from '../../kernel/host/package-version.js';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { nextRepeat } from '../admission/repeat-times.js';
import { Broker } from '../broker/broker.js';
import { RegisteredQueues } from '../broker/registry/registered-queues.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../message-queue.tokens.js';
import { UnpluggedPorts } from '../monitoring/unplugged-ports.js';
import { banner } from '../operations/banner.js';
import type { BannerPart } from '../operations/banner.js';
import { BoardModule } from '../operations/board/board.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { Probes } from '../operations/probes/probes.js';
import { ServerGate } from '../worker/server-gate.js';

/** What the parts are called. */
const NAMES = { rest: 'REST', console: 'Console', metrics: 'Metrics' } as const;

/** Says at start, in one entry of the log, what runs here and where it can be seen. Not in tests, and not with `banner: false`. */
@Injectable()
export class StartBanner {
  readonly #logger = new SafeLogger('MessageQueueModule');

  constructor(
    @Inject(MESSAGE_QUEUE_CONFIG) private readonly config: MessageQueueConfig,
    private readonly queues: RegisteredQueues,
    private readonly broker: Broker,
    private readonly gate: ServerGate,
    private readonly ports: UnpluggedPorts,
    private readonly probes: Probes,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** To be called once everything is mounted and the servers have been looked at. */
  show(): void {
    const { environment, provider, role } = this.config;
    if (!this.config.banner || environment === 'test') return;
    const report = this.gate.reportOf(this.broker);
    const text = banner({
      version: packageVersion(),
      config: this.config,
      serverVersion: report?.version ?? null,
      isReachable: report?.reachable ?? false,
      queues: this.queues.names().map((name) => this.queues.get(name).definition),
      schedules: this.config.schedules.map(({ queue, key, repeat }) => ({
        ...{ queue, key },
        nextAt: nextRepeat(repeat, this.queues.get(queue).broker.now()),
      })),
      parts: this.#parts(),
      inMemory: role === 'producer' ? [] : this.ports.all(),
      off: this.#off(),
    });
    if (provider !== 'redis' && environment === 'production') this.#logger.warn(text);
    else this.#logger.log(text);
  }

  #parts(): BannerPart[] {
    const { state } = this.moduleRef.get(BoardModule, { strict: false });
    const { mounted } = this.moduleRef.get(OperationsModule, { strict: false });
    const { places } = this.probes;
    return [
      { name: 'Board', state },
      ...mounted.map(({ name, address, openTo }) => ({
        name: NAMES[name],
        state: `${address}, open to ${openTo}`,
      })),
      ...(places === null ? [] : [{ name: 'Probes', state: places }]),
    ];
  }

  /** What could be there. */
  #off(): string[] {
    const { rest, console, metrics, probes } = this.config.operations;
    const parts = { REST: rest, console, metrics };
    const missing = Object.entries(parts).flatMap(([name, part]) => (part === null ? [name] : []));
    const each = missing.map((name) => `${name} (operations.${name.toLowerCase()})`);
    return [
      ...(missing.length === 3 ? ['REST, console and metrics (operations: {})'] : each),
      ...(probes === null ? ['probes (operations.probes)'] : []),
    ];
  }
}
