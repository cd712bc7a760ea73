import type { ClassProvider, InjectionToken } from '@nestjs/common';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import type { Issue } from '../../kernel/errors.js';
import { didYouMean } from '../../kernel/values/did-you-mean.js';
import type { EnvironmentName } from '../../kernel/values/environment-name.js';
import type { ManagedQueues } from '../broker/managed-queues.js';
import type { PortClass } from '../jobs/queue-definition.js';

/** What decides whether an unplugged port matters. */
export interface UnpluggedPortsOptions {
  readonly environment: EnvironmentName;
  readonly role: 'producer' | 'worker' | 'both';
  /** Names of ports that memory may serve; true: all of them. */
  readonly acceptInMemory: true | readonly string[];
}

/**
 * The ports that nobody plugged in: memory serves them, so that jobs that use them only seem done. Matters where jobs run, and not in
 * tests: a `producer` leaves it to its workers.
 */
export class UnpluggedPorts {
  /**
   * @param inMemory the in-memory adapter of each port
   * @param adapterOf gives what is injected for a port
   */
  constructor(
    private readonly queues: ManagedQueues,
    private readonly options: UnpluggedPortsOptions,
    private readonly inMemory: readonly ClassProvider[],
    private readonly adapterOf: (port: InjectionToken) => unknown,
  ) {}

  /** Names of the ports of a queue that memory serves and nobody accepted. */
  of(queue: string): string[] {
    const { acceptInMemory } = this.options;
    return acceptInMemory === true ? [] : this.served(queue).filter((port) => !acceptInMemory.includes(port));
  }

  /** Names of all ports of the app's queues that memory serves, accepted ones included. */
  all(): string[] {
    return [...new Set(this.queues.names().flatMap((queue) => this.served(queue)))];
  }

  /**
   * Refuses work in production that would only seem done.
   * @throws InvalidConfigurationError listing every port that nobody plugged in and the queues that use it
   */
  check(): void {
    this.checkAccepted();
    if (this.options.environment !== 'production') return;
    const users = new Map<string, string[]>();
    for (const queue of this.queues.names())
      for (const port of this.of(queue)) users.set(port, [...(users.get(port) ?? []), queue]);
    const [first] = users.keys();
    if (first === undefined) return;
    const issues = [...users].map(([path, queues]): Issue => ({
      path,
      message: `used by ${queues.map((queue) => `"${queue}"`).join(', ')}`,
    }));
    throw new InvalidConfigurationError(
      `No work starts in production: nobody plugged in the ports below, so jobs would seem done although nothing had left this process. Plug in adapters (adapters: [{ provide: ${first}, useClass: … }]), or accept that memory serves them until the process ends: acceptInMemory: [${first}, …], or MESSAGE_QUEUE_ACCEPT_IN_MEMORY=${[...users.keys()].join(',')}`,
      issues,
    );
  }

  /**
   * Refuses in production what would go nowhere: something beside the queues uses the port.
   * @param user as a message names it
   * @throws InvalidConfigurationError where memory serves the port and nobody accepted that
   */
  checkUse(port: InjectionToken, user: string): void {
    const { environment, acceptInMemory } = this.options;
    const name = nameOf(port);
    const isAccepted = acceptInMemory === true || acceptInMemory.includes(name);
    if (environment !== 'production' || isAccepted || !this.isInMemory(port as PortClass)) return;
    const message = `is served by memory: nobody plugged it in. Plug in an adapter: adapters: [{ provide: ${name}, useClass: … }]`;
    throw new InvalidConfigurationError(`${user} would go nowhere:`, [{ path: name, message }]);
  }

  private checkAccepted(): void {
    const { acceptInMemory } = this.options;
    if (acceptInMemory === true) return;
    const known = this.inMemory.map(({ provide }) => nameOf(provide));
    const issues = acceptInMemory
      .filter((name) => !known.includes(name))
      .map((name): Issue => ({
        path: 'acceptInMemory',
        message: `"${name}" is not a port that memory serves.${didYouMean(name, known) || ` They are: ${known.join(', ')}.`}`,
      }));
    if (issues.length > 0) throw new InvalidConfigurationError('The message queue cannot start.', issues);
  }

  private served(queue: string): string[] {
    const { environment, role } = this.options;
    if (environment === 'test' || role === 'producer') return [];
    const { ports = [] } = this.queues.get(queue).definition;
    return ports.filter((port) => this.isInMemory(port)).map(nameOf);
  }

  private isInMemory(port: PortClass): boolean {
    const adapter = this.inMemory.find(({ provide }) => provide === port);
    return adapter !== undefined && this.adapterOf(port) instanceof adapter.useClass;
  }
}

function nameOf(port: InjectionToken): string {
  return typeof port === 'function' ? port.name : String(port);
}
