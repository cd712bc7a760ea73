import type { Type } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { EventHandlerRegistrationError } from './errors.js';
import { handledByMethod } from './event-listener.decorator.js';
import type { EventContext, HandlerPlace } from './event-words.js';

/** A method that handles a type, found among the providers of an app or of a thread's module. */
export interface FoundHandler {
  readonly type: string;
  readonly place: HandlerPlace;
  /** Class, method and module, for messages. */
  readonly name: string;
  readonly handle: (event: unknown, context: EventContext) => unknown;
}

/** What is used of Nest's `InstanceWrapper`. */
export interface ScannedProvider {
  readonly metatype: unknown;
  readonly instance: unknown;
  readonly inject?: unknown;
  readonly isTransient: boolean;
  readonly host?: { readonly name?: string };
  isDependencyTreeStatic(): boolean;
}

/** What is used of Nest's `DiscoveryService`. */
export interface ProviderSource {
  getProviders(): readonly ScannedProvider[];
  getControllers(): readonly ScannedProvider[];
}

/**
 * Every handler among what Nest provides, in the order of modules, providers and methods; inherited ones included, a class that is provided
 * under several names once. Call it when the providers exist.
 * @throws EventHandlerRegistrationError listing every mistake: a provider that is made per request or per injection, a type with handlers
 * at both places
 */
export function scanEventHandlers(source: ProviderSource): FoundHandler[] {
  const found: FoundHandler[] = [];
  const mistakes: string[] = [];
  const seen = new Set<unknown>();
  for (const provider of [...source.getProviders(), ...source.getControllers()]) {
    const type = classOf(provider);
    if (type === undefined || (isObject(provider.instance) && seen.has(provider.instance))) continue;
    seen.add(provider.instance);
    const handlers = handlersOf(provider, type);
    const reason = handlers.length === 0 ? undefined : whyNotOne(provider);
    if (reason === undefined) found.push(...handlers);
    else mistakes.push(`${handlers[0]?.name ?? type.name} is ${reason}`);
  }
  refuse([...mistakes, ...contradictions(found)]);
  return found;
}

/**
 * Refuses types with handlers at both places: each event would have to run at both, and fail or succeed at one of them.
 * @throws EventHandlerRegistrationError naming both handlers of each such type
 */
export function refuseMixedPlaces(handlers: readonly Pick<FoundHandler, 'type' | 'place' | 'name'>[]): void {
  refuse(contradictions(handlers));
}

function contradictions(handlers: readonly Pick<FoundHandler, 'type' | 'place' | 'name'>[]): string[] {
  const first = new Map<string, Pick<FoundHandler, 'place' | 'name'>>();
  const mixed = new Map<string, string>();
  for (const { type, place, name } of handlers) {
    const other = first.get(type);
    if (other === undefined) first.set(type, { place, name });
    else if (other.place !== place && !mixed.has(type)) {
      mixed.set(
        type,
        `"${type}" is handled at two places, by ${other.name} (${inWords(other.place)}) and ${name} (${inWords(place)}): ` +
          'give both the same `where`, or emit two events',
      );
    }
  }
  return [...mixed.values()];
}

function inWords(place: HandlerPlace): string {
  return place === 'main' ? "where: 'main'" : 'on threads';
}

function refuse(mistakes: readonly string[]): void {
  if (mistakes.length === 0) return;
  throw new EventHandlerRegistrationError([
    'Handlers of events are wrong:',
    ...mistakes.map((mistake) => `  - ${mistake}.`),
  ]);
}

function handlersOf(provider: ScannedProvider, type: Type<object>): FoundHandler[] {
  const prototype = type.prototype as Record<string, unknown>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((methodName) =>
    handledByMethod(prototype[methodName]).map(({ type: event, where }) => ({
      type: event,
      place: where,
      name: `${type.name}.${methodName} of ${provider.host?.name ?? 'an unnamed module'}`,
      handle: (...given) =>
        (provider.instance as Record<string, (...given: unknown[]) => unknown>)[methodName]?.(...given),
    })),
  );
}

/** Why a provider has no one instance that could handle events; undefined: it has. */
function whyNotOne(provider: ScannedProvider): string | undefined {
  if (!provider.isDependencyTreeStatic()) {
    return 'request-scoped, or needs something that is, and an event has no request: make it a singleton, and get what differs from the event';
  }
  return provider.isTransient
    ? 'transient: there are as many of it as injections, and none that is told of events: make it a singleton'
    : undefined;
}

/** The class of what is provided. That of a factory or a value is known from its instance alone. */
function classOf({ metatype, instance, inject }: ScannedProvider): Type<object> | undefined {
  const type: unknown =
    typeof metatype === 'function' && !inject
      ? metatype
      : isObject(instance)
        ? instance.constructor
        : undefined;
  const isClass = typeof type === 'function' && isObject(type.prototype);
  return isClass ? (type as Type<object>) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
