import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, ModulesContainer } from '@nestjs/core';
import type { ResolvedConfiguration } from '../configuration/resolve-configuration.js';
import { HandlerRegistry } from '../handlers/handler-registry.js';
import { checkHandlers } from '../handlers/handler-rules.js';
import { NestEnhancers } from '../handlers/nest-enhancers.js';
import { processorSourcesOf, scanProcessor } from '../handlers/processor-scan.js';
import { JobEnds } from '../jobs/events/job-end.js';
import type { JobEndListener } from '../jobs/events/job-end.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { RESOLVED_CONFIGURATION } from './tokens.js';

/** Finds the handlers among the app's providers. */
@Injectable()
export class HandlerRegistration {
  private readonly enhancers: NestEnhancers;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly registry: HandlerRegistry,
    private readonly queues: RegisteredQueues,
    private readonly ends: JobEnds,
    modules: ModulesContainer,
    @Inject(RESOLVED_CONFIGURATION) private readonly resolved: ResolvedConfiguration,
  ) {
    this.enhancers = new NestEnhancers(modules);
  }

  /**
   * Fills the registry and finds the listeners for the ends of jobs, in a producer too; every provider exists by now.
   * @throws HandlerRegistrationError listing every mistake
   */
  register(): void {
    const { config, definitions, leftOut } = this.resolved;
    const worked = config.role === 'producer' ? [] : this.queues.names();
    const sources = processorSourcesOf(this.discovery.getProviders());
    // The classes of queues that are left out are still there.
    this.registry.load(sources, { definitions: [...definitions, ...leftOut], worked }, this.enhancers);
    for (const source of sources) {
      const processor = scanProcessor(source);
      if (processor?.queueName === undefined || !processor.hasEndListener || source.instance === null)
        continue;
      this.ends.listen(processor.queueName, source.type.name, source.instance as JobEndListener);
    }
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
  const declared = discovery.getProviders().map(({ id, token, metatype, instance, inject, host }) => ({
    ...{ id, token, metatype, inject, host },
    instance: instance as unknown,
    // Nest remembers its first answer, which would be too early now and wrong for the host.
    isDependencyTreeStatic: () => true,
  }));
  checkHandlers(processorSourcesOf(declared), { definitions, worked: [] });
}
