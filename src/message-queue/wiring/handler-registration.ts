import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { ResolvedConfiguration } from '../configuration/resolve-configuration.js';
import { HandlerRegistry } from '../handlers/handler-registry.js';
import { checkHandlers } from '../handlers/handler-rules.js';
import { processorSourcesOf } from '../handlers/processor-scan.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { RESOLVED_CONFIGURATION } from './tokens.js';

/** Finds the handlers among the app's providers. */
@Injectable()
export class HandlerRegistration {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly registry: HandlerRegistry,
    private readonly queues: RegisteredQueues,
    @Inject(RESOLVED_CONFIGURATION) private readonly resolved: ResolvedConfiguration,
  ) {}

  /**
   * Fills the registry; every provider exists by now.
   * @throws HandlerRegistrationError listing every mistake
   */
  register(): void {
    const { config, definitions } = this.resolved;
    const worked = config.role === 'producer' ? [] : this.queues.names();
    this.registry.load(processorSourcesOf(this.discovery.getProviders()), { definitions, worked });
  }
}

/**
 * Looks at the handlers before anything exists, so that a plain `@Process` is explained by us before @nestjs/bull
 * trips over it.
 * @throws HandlerRegistrationError
 */
export function checkDeclaredHandlers(
  discovery: DiscoveryService,
  definitions: readonly QueueDefinition[],
): void {
  const declared = discovery.getProviders().map(({ metatype, instance, inject, host }) => ({
    metatype,
    instance: instance as unknown,
    inject,
    host,
    // Nest remembers its first answer, which would be too early now and wrong for the host.
    isDependencyTreeStatic: () => true,
  }));
  checkHandlers(processorSourcesOf(declared), { definitions, worked: [] });
}
