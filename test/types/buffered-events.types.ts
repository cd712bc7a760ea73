// The API that seed 003 lists, is what the package has. Nothing here runs: `npm run types` is the test.
import type {
  BufferedEventBusService,
  EventOptions,
  EventPriority,
  EventSystemMetrics,
  HealthCheckResult,
  IEventHandler,
  WorkerStatistics,
} from 'nestjs-message-queue/buffered-events';
import type * as Seed from '../events/seed-snippets/26-types.js';

/** "Methods" of the seed's reference. */
interface SeedService {
  emitEvent(type: string, payload: unknown, options?: Seed.EventOptions): Promise<string>;
  registerHandler(eventType: string, handler: IEventHandler): void;
  getMetrics(): Seed.EventSystemMetrics;
  getHealthStatus(): Promise<Seed.HealthCheckResult>;
  getWorkerStatistics(): WorkerStatistics;
  scaleWorkers(count: number): Promise<void>;
  initialize(): Promise<void>;
  shutdown(): Promise<void>;
}

declare const service: BufferedEventBusService;
export const asTheSeedSays: SeedService = service;

/** What a host wrote for the seed's types goes in, and comes out. */
declare const options: Seed.EventOptions;
declare const metrics: EventSystemMetrics;
declare const health: HealthCheckResult;
declare const priority: Seed.EventPriority;
export const given: [EventOptions, EventPriority] = [options, priority];
export const got: [Seed.EventSystemMetrics, Seed.HealthCheckResult] = [metrics, health];
