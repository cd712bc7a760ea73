import { HostCode } from '../../kernel/host/host-code.js';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import type { Clock } from '../../kernel/time/clock.js';
import { JobEvents } from '../jobs/events/job-events.js';
import { CircuitBreakers } from '../ports/circuit-breakers.js';
import { ChannelSettingsError } from '../ports/destination-errors.js';
import type { BreakerCall, BreakerStatus } from '../ports/circuit-breakers.js';
import { breakerSettingsOf } from './breaker-settings.js';
import type { CircuitBreakerOptions } from './breaker-settings.js';
import type { DependencyBreaker } from './dependency-breaker.js';

/**
 * The maximum number of breakers kept. Beyond it, the oldest one that remembers nothing is dropped. Where each remembers something, the oldest of
 * the kind that has most goes (what stands before the first colon of a name): a thousand endpoints that are down forget one another.
 */
const MAX_BREAKERS = 1_000;

/** Circuit breakers by cockatiel, one per dependency name, local to this process. */
export class CockatielCircuitBreakers extends CircuitBreakers {
  private readonly logger = new SafeLogger('CircuitBreakers');
  private readonly breakers = new Map<string, DependencyBreaker>();
  /** Which dependency an error came from: the innermost of nested calls. */
  private readonly origins = new WeakMap<object, string>();

  /**
   * @param events told of every change of a breaker's state
   * @param host guards `isFailure`
   */
  constructor(
    private readonly clock: Clock,
    private readonly options: CircuitBreakerOptions = {},
    private readonly events: JobEvents = new JobEvents(),
    private readonly host: HostCode = new HostCode(),
  ) {
    super();
  }

  async run<T>(dependency: string, call: () => Promise<T>, options: BreakerCall = {}): Promise<T> {
    try {
      return await this.breakerOf(dependency).run(call, options.signal);
    } catch (error) {
      if (isObject(error) && !this.origins.has(error)) {
        this.origins.set(error, dependency);
        if (error instanceof ChannelSettingsError) error.dependency = dependency;
      }
      throw error;
    }
  }

  statuses(): readonly BreakerStatus[] {
    return [...this.breakers.values()]
      .map((breaker) => breaker.status())
      .sort((a, b) => (a.dependency < b.dependency ? -1 : 1));
  }

  private breakerOf(dependency: string): DependencyBreaker {
    const known = this.breakers.get(dependency);
    if (known) return known;
    if (this.breakers.size >= MAX_BREAKERS) this.dropOne();
    const given = breakerSettingsOf(dependency, this.options);
    const isFailure = (error: unknown): boolean =>
      this.host.ask('circuitBreakers.isFailure', undefined, () => given.isFailure(error), true);
    const settings = { ...given, isFailure };
    const isOfAnother = (error: unknown): boolean =>
      isObject(error) && (this.origins.get(error) ?? dependency) !== dependency;
    let isOut = false;
    // Cockatiel is loaded with the first call to a dependency.
    const { DependencyBreaker } =
      require('./dependency-breaker.js') as typeof import('./dependency-breaker.js');
    const breaker = new DependencyBreaker(dependency, settings, this.clock, isOfAnother, (status) => {
      const { state } = status;
      // Each failed probe opens it again; one line per outage is enough.
      if (isOut !== (state !== 'CLOSED')) this.tell(status);
      isOut = state !== 'CLOSED';
      this.events.emit('breaker', { dependency, state });
    });
    this.breakers.set(dependency, breaker);
    return breaker;
  }

  private tell({ dependency, state, failures, retryAfterMs, lastError }: BreakerStatus): void {
    if (state === 'CLOSED') this.logger.log(`"${dependency}" answers again: its jobs resume.`);
    else {
      this.logger.warn(
        `"${dependency}" is no longer called after ${failures} failure(s) in a row (last: ${lastError ?? 'unknown'}). ` +
          `Its jobs wait without spending attempts; it is tried again in ${retryAfterMs} ms, and so on until it answers.`,
      );
    }
  }

  private dropOne(): void {
    const kinds = new Map<string, string[]>();
    for (const [dependency, breaker] of this.breakers) {
      if (breaker.isPristine) return void this.breakers.delete(dependency);
      const kind = dependency.split(':', 1)[0] ?? dependency;
      const names = kinds.get(kind) ?? [];
      names.push(dependency);
      kinds.set(kind, names);
    }
    const largest = [...kinds.values()].reduce(
      (most, names) => (names.length > most.length ? names : most),
      [],
    );
    if (largest[0] !== undefined) this.breakers.delete(largest[0]);
  }
}

function isObject(error: unknown): error is object {
  return typeof error === 'object' && error !== null;
}
