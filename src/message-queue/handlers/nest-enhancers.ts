import { ForbiddenException } from '@nestjs/common';
import type { PipeTransform, Type } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import type { ContextId, ModulesContainer, NestContainer } from '@nestjs/core';
import { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import type { ExternalExceptionsHandler } from '@nestjs/core/exceptions/external-exceptions-handler.js';
import { GuardsConsumer, GuardsContextCreator } from '@nestjs/core/guards/index.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { InterceptorsConsumer, InterceptorsContextCreator } from '@nestjs/core/interceptors/index.js';
import { PipesConsumer, PipesContextCreator } from '@nestjs/core/pipes/index.js';
import { isObservable, lastValueFrom } from 'rxjs';
import { CircuitOpenError, RetryLater, UnrecoverableJobError } from '../jobs/errors.js';
import type { HandledRun } from './job-context.js';
import { JOB_HANDLER_PARAMETERS, PAYLOAD_PARAMETER } from './job-handler.decorator.js';
import type { ProviderWrapper } from './processor-scan.js';

/** What `ExecutionContext.getType()` says in guards, interceptors and filters of processors. */
const CONTEXT_TYPE = 'message-queue';

/** The arguments of a handler as Nest describes parameters; pipes go by their types. */
const PARAMETERS = {
  exchangeKeyForValue: (_type: number, index: unknown, args: unknown[]) => args[index as number],
};

/** A method of a processor with everything around it. */
export type EnhancedMethod = (payload: object, run: HandledRun) => Promise<unknown>;

/** A processor as far as Nest's enhancers need it. */
export interface EnhancedPlace {
  readonly type: Type<object>;
  readonly instance: object;
  readonly methodName: string;
  readonly wrapper?: ProviderWrapper;
  /** Of the job, when instances are made for it alone. */
  readonly contextId?: ContextId;
}

/**
 * Runs the guards, interceptors, pipes and filters that a processor class or its methods declare, as Nest does for its own
 * handlers: through its `ExternalContextCreator`. Those of the whole app are left out: they are made for requests, and
 * most of them fail for a job.
 */
export class NestEnhancers {
  readonly #started = new WeakMap<object, Promise<unknown>[]>();
  /** One for each class: Nest 11 takes classes of the same name for one. */
  readonly #creators = new WeakMap<Type<object>, ExternalContextCreator>();
  readonly #container: NestContainer;
  readonly #filters: ExternalExceptionFilterContext;

  constructor(private readonly modules: ModulesContainer) {
    // All that Nest's factories read of its container. Without an ApplicationConfig they know no enhancer of the whole app.
    this.#container = { getModules: () => modules } as unknown as NestContainer;
    this.#filters = new ExternalExceptionFilterContext(this.#container);
  }

  /** The method with its enhancers around it. */
  enhance({ type, instance, methodName, contextId, wrapper }: EnhancedPlace): EnhancedMethod {
    const method = (instance as Record<string, (...args: unknown[]) => unknown>)[methodName] as (
      ...args: unknown[]
    ) => unknown;
    const options = { guards: true, interceptors: true, filters: false };
    const call = this.#creatorOf(type).create<Record<string, never>, string>(
      ...([instance, method, methodName, JOB_HANDLER_PARAMETERS, PARAMETERS] as const),
      ...([contextId, wrapper?.id, options, CONTEXT_TYPE] as const),
    ) as EnhancedMethod;
    const filters = this.#filters.create(
      instance,
      method as never,
      wrapper?.host?.token ?? '',
      contextId,
      wrapper?.id,
    );
    return async (payload, run) => {
      const started: Promise<unknown>[] = [];
      this.#started.set(run, started);
      try {
        return await call(payload, run);
      } catch (error) {
        const isRefusal = started.length === 0 && error instanceof ForbiddenException;
        const unfiltered = isRefusal ? refused(`${type.name}.${methodName}`, run, error) : error;
        return await filtered(filters, error, [payload, run], unfiltered);
      } finally {
        // An interceptor may answer before the method does; the run is not over until then.
        await Promise.allSettled(started);
      }
    };
  }

  #creatorOf(type: Type<object>): ExternalContextCreator {
    const known = this.#creators.get(type);
    if (known !== undefined) return known;
    const container = this.#container;
    const creator = new ExternalContextCreator(
      new GuardsContextCreator(container),
      new GuardsConsumer(),
      new InterceptorsContextCreator(container),
      new WatchingInterceptors(this.#started),
      this.modules,
      new PipesContextCreator(container),
      new PayloadPipes(),
      this.#filters,
    );
    this.#creators.set(type, creator);
    return creator;
  }
}

/** Notes when the handler starts: whatever interceptors answer, a run lasts as long as its handler. */
class WatchingInterceptors extends InterceptorsConsumer {
  constructor(private readonly started: WeakMap<object, Promise<unknown>[]>) {
    super();
  }

  override intercept<Context extends string>(
    ...[interceptors, args, instance, callback, next, type]: Parameters<InterceptorsConsumer['intercept']>
  ): Promise<unknown> {
    const watched = (): Promise<unknown> => {
      const handled = next();
      this.started.get(args[1] as object)?.push(handled);
      return handled;
    };
    return super.intercept<Context>(interceptors, args, instance, callback, watched, type as Context);
  }
}

/** Leaves the context alone: pipes are for the payload. */
class PayloadPipes extends PipesConsumer {
  override async apply<Value>(
    value: Value,
    metadata: Parameters<PipesConsumer['apply']>[1],
    pipes: PipeTransform[],
  ): Promise<unknown> {
    if (metadata.type !== (PAYLOAD_PARAMETER as unknown)) return value;
    return super.apply(value, metadata, pipes);
  }
}

/**
 * What a filter makes of an error: its value becomes the job's result; without one, the job fails as it would without
 * the filter. Filters are not given errors that only put a job off.
 */
async function filtered(
  filters: ExternalExceptionsHandler,
  error: unknown,
  args: [object, HandledRun],
  unfiltered: unknown,
): Promise<unknown> {
  if (error instanceof RetryLater || error instanceof CircuitOpenError) throw error;
  const host = new ExecutionContextHost(args);
  host.setType(CONTEXT_TYPE);
  let result: unknown = await filters.invokeCustomFilters(error, host);
  if (isObservable(result)) result = await lastValueFrom(result, { defaultValue: undefined });
  if (result === undefined || result === null) throw unfiltered;
  return result;
}

function refused(
  handler: string,
  { queue, jobName, jobId }: HandledRun,
  cause: ForbiddenException,
): UnrecoverableJobError {
  return new UnrecoverableJobError(
    `A guard of ${handler} refused job "${jobName}" ${jobId} of queue "${queue}": ${cause.message}.`,
    { queue, job: jobName, jobId, cause },
  );
}
