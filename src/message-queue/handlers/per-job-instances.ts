import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import type { HandledRun, JobContext } from './job-context.js';
import type { NestEnhancers } from './nest-enhancers.js';
import type { ProcessorSource, ProviderWrapper } from './processor-scan.js';

type Method = (payload: object, run: HandledRun) => unknown;

/**
 * A handler whose class is request-scoped, or needs something that is: each run gets an instance of its own, with
 * everything it depends on, as in `@nestjs/bull`. `JOB_REF` (the same token as Nest's `REQUEST`) is Bull's job there, and of a batch
 * the array of its jobs.
 * Durable providers are made per job too: there is no request to tell which of them belong together.
 */
export class PerJobInstances {
  readonly #instances = new WeakMap<JobContext, object>();

  constructor(
    private readonly source: ProcessorSource,
    private readonly methodName: string,
    private readonly enhancers: NestEnhancers | undefined,
  ) {}

  /** Calls the method on an instance made for this run; rejects with whatever kept it from being made. */
  async handle(payload: object, run: HandledRun): Promise<unknown> {
    const { source, methodName, enhancers } = this;
    const wrapper = source.wrapper as ProviderWrapper;
    const moduleRef = wrapper.host?.getProviderByKey(ModuleRef).instance as ModuleRef;
    const contextId = ContextIdFactory.create();
    const { members } = run;
    const request = members === undefined ? run.taken.job : members.map(({ taken }) => taken.job);
    moduleRef.registerRequestByContextId(request, contextId);
    const instance = await moduleRef.resolve<object>(wrapper.token, contextId);
    for (const one of members ?? [run]) this.#instances.set(one, instance);
    const place = { type: source.type, wrapper, instance, methodName, contextId };
    if (enhancers !== undefined) return enhancers.enhance(place)(payload, run);
    return (instance as Record<string, Method>)[methodName]?.call(instance, payload, run);
  }

  /** The instance of a run, once it was made. */
  instanceOf(run: JobContext): object | undefined {
    return this.#instances.get(run);
  }
}
