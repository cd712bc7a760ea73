import type { InjectionToken, Type } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { JOB_HANDLER_METADATA } from './job-handler.decorator.js';
import type { JobHandlerMetadata } from './job-handler.decorator.js';

/** What `@Processor`, `@Process` and the listeners of `@nestjs/bull` leave behind; it does not export the keys. */
const PROCESSOR_METADATA = 'bull:module_queue';
const PROCESS_METADATA = 'bull:module_queue_process';
const LISTENER_METADATA = 'bull:module_on_queue_event';

/** One class that Nest provides, as far as handlers are concerned. */
export interface ProcessorSource {
  readonly type: Type<object>;
  /** Null before Nest has created it: metadata can be checked all the same. */
  readonly instance: object | null;
  /** It is made per job, because it is request-scoped or needs something that is. */
  readonly scoped: boolean;
  /** The module that provides it, named in errors. */
  readonly module: string;
  /** Nest's record of it; absent for a class outside of Nest. */
  readonly wrapper?: ProviderWrapper;
}

/** The part of Nest's `InstanceWrapper` that handlers need. */
export interface ProviderWrapper {
  readonly id: string;
  readonly token: InjectionToken;
  readonly metatype: unknown;
  readonly instance: unknown;
  readonly inject?: unknown;
  /** The module. */
  readonly host?: {
    readonly token: string;
    readonly name?: string;
    /** The enhancers that Nest created for its classes. */
    readonly injectables: { has(token: unknown): boolean };
    getProviderByKey(token: InjectionToken): { readonly instance: unknown };
  };
  isDependencyTreeStatic(): boolean;
}

/** A `@JobHandler` method that was found. */
export interface ScannedHandler extends JobHandlerMetadata {
  readonly methodName: string;
}

/** What a class says about itself. */
export interface ScannedProcessor {
  readonly source: ProcessorSource;
  /** From `@Processor`; undefined without it. */
  readonly queueName: string | undefined;
  readonly handlers: readonly ScannedHandler[];
  /** Methods with a plain `@Process`, with the job name given there. */
  readonly plainProcesses: readonly { readonly methodName: string; readonly jobName?: string }[];
  /** Whether the class implements `JobErrorPolicy`, rather than listening to the queue's errors under that name. */
  readonly hasErrorPolicy: boolean;
  /** Whether the class implements `JobEndListener`. */
  readonly hasEndListener: boolean;
}

/**
 * The classes behind Nest's providers (`DiscoveryService.getProviders()`), each instance once. Works before instances
 * exist for everything but factories and values.
 */
export function processorSourcesOf(wrappers: Iterable<ProviderWrapper>): ProcessorSource[] {
  const sources: ProcessorSource[] = [];
  const seen = new Set<object>();
  for (const wrapper of wrappers) {
    const instance = isObject(wrapper.instance) ? wrapper.instance : null;
    // The metatype of a factory or a value is not a class; its instance has one.
    const isClass = typeof wrapper.metatype === 'function' && !wrapper.inject;
    const type = isClass ? wrapper.metatype : instance?.constructor;
    if (typeof type !== 'function' || (instance !== null && seen.has(instance))) continue;
    if (instance !== null) seen.add(instance);
    sources.push({
      type: type as Type<object>,
      instance,
      scoped: !wrapper.isDependencyTreeStatic(),
      module: wrapper.host?.name ?? 'an unnamed module',
      wrapper,
    });
  }
  return sources;
}

/** Reads a class; undefined when it has nothing to do with queues. */
export function scanProcessor(source: ProcessorSource): ScannedProcessor | undefined {
  const prototype = source.type.prototype as Record<string, unknown> | undefined;
  if (!isObject(prototype)) return undefined;
  const processor = read<{ name?: string }>(PROCESSOR_METADATA, source.type);
  const handlers: ScannedHandler[] = [];
  const plainProcesses: { methodName: string; jobName?: string }[] = [];
  for (const methodName of new MetadataScanner().getAllMethodNames(prototype)) {
    const method = prototype[methodName];
    const handler = read<JobHandlerMetadata>(JOB_HANDLER_METADATA, method);
    if (handler !== undefined) handlers.push({ methodName, ...handler });
    const plain = read<{ name?: string }>(PROCESS_METADATA, method);
    if (plain !== undefined) plainProcesses.push({ methodName, jobName: plain.name });
  }
  if (processor === undefined && handlers.length === 0) return undefined;
  const { onError, onJobEnd } = prototype;
  return {
    source,
    queueName: processor === undefined ? undefined : (processor.name ?? 'default'),
    handlers,
    plainProcesses,
    hasErrorPolicy: isOwnMethod(onError),
    hasEndListener: isOwnMethod(onJobEnd),
  };
}

/** A method, and not a listener of the queue's events under that name. */
function isOwnMethod(value: unknown): boolean {
  return typeof value === 'function' && read(LISTENER_METADATA, value) === undefined;
}

function read<Metadata>(key: string, target: unknown): Metadata | undefined {
  if (typeof target !== 'function') return undefined;
  return Reflect.getMetadata(key, target) as Metadata | undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
