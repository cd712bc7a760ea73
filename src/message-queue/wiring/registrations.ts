import type { ModulesContainer } from '@nestjs/core';
import { didYouMean } from '../../kernel/values/did-you-mean.js';
import { registrationsIn } from '../../kernel/host/module-registrations.js';
import type { FoundRegistration } from '../../kernel/host/module-registrations.js';
import { DuplicateRegistrationError } from '../../kernel/errors.js';
import { UnknownQueueError } from '../jobs/errors.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { BUILT_IN_QUEUES } from '../queues/queue-definitions.js';
import type { GivenSchedules } from '../schedules/resolve-schedules.js';
import { sameOptions } from '../../kernel/values/same-options.js';
import { QUEUE_REGISTRATION, ROOT_REGISTRATION } from './tokens.js';

/** How the module was registered: once for the app, and once more for each further Redis. */
export interface RootRegistration {
  readonly configKey?: string;
  /** Where `forRoot` was called; a plain import has none. */
  readonly place?: string;
}

/** A host's queue as it was registered. */
export interface QueueRegistration {
  readonly definition: QueueDefinition;
  readonly configKey?: string;
  /** As they were given: checked with the configuration. */
  readonly schedules?: unknown;
  readonly place: string;
}

type ModuleRef = ModulesContainer extends Map<string, infer Module> ? Module : never;

/**
 * All registrations of one app, read from Nest's own list of modules before anything is opened.
 * @throws DuplicateRegistrationError naming both places; UnknownQueueError for a key that nobody registered
 */
export class Registrations {
  readonly roots: readonly RootRegistration[];
  /** Hosts' queues in the order of their modules. */
  readonly queues: readonly QueueRegistration[];
  /** What is declared with queues, the built-in ones included. */
  readonly schedules: readonly GivenSchedules[];

  constructor(modules: ModulesContainer) {
    const found = [...modules.values()];
    this.roots = uniqueRoots(found);
    this.queues = uniqueQueues(found, this.roots);
    this.schedules = found.flatMap((module) => {
      const registration = markerOf<QueueRegistration>(module, QUEUE_REGISTRATION);
      if (registration?.schedules === undefined) return [];
      return { queue: registration.definition.name, schedules: registration.schedules };
    });
  }

  /** The built-in queues, then the hosts'. */
  definitions(): QueueDefinition[] {
    return [...BUILT_IN_QUEUES, ...this.queues.map(({ definition }) => definition)];
  }
}

function uniqueRoots(modules: readonly ModuleRef[]): RootRegistration[] {
  const roots = new Map<string | undefined, FoundRegistration<RootRegistration>>();
  const found = registrationsIn<RootRegistration>(
    modules,
    ROOT_REGISTRATION,
    ({ place = 'the plain import: environment only' }) => place,
  );
  for (const one of found) {
    const key = one.registration.configKey;
    const other = roots.get(key);
    if (other !== undefined) {
      throw new DuplicateRegistrationError([
        `MessageQueueModule is registered twice with different options${key === undefined ? '' : ` for the configuration key "${key}"`}:`,
        `  - ${other.place}`,
        `  - ${one.place}`,
        'Register it once, in the root module: its service can be injected everywhere. A second Redis needs a configKey of its own.',
      ]);
    }
    roots.set(key, one);
  }
  return [...roots.values()].map(({ registration }) => registration);
}

function uniqueQueues(
  modules: readonly ModuleRef[],
  roots: readonly RootRegistration[],
): QueueRegistration[] {
  const queues = new Map<string, QueueRegistration>();
  for (const definition of BUILT_IN_QUEUES) queues.set(definition.name, { definition, place: 'built in' });
  const keys = roots.flatMap(({ configKey }) => configKey ?? []);
  for (const module of modules) {
    const registration = markerOf<QueueRegistration>(module, QUEUE_REGISTRATION);
    if (registration === undefined) continue;
    const { definition, configKey, place } = registration;
    const other = queues.get(definition.name);
    if (
      other !== undefined &&
      !(sameOptions(other.definition, definition) && other.configKey === configKey)
    ) {
      throw new DuplicateRegistrationError(
        [
          `Queue "${definition.name}" is registered twice with different definitions:`,
          `  - ${other.place}`,
          `  - ${place}`,
          'Give one of them another name, or share one definition.',
        ],
        { queue: definition.name },
      );
    }
    if (configKey !== undefined && !keys.includes(configKey)) {
      throw new UnknownQueueError(
        `Queue "${definition.name}" (${place}) asks for the configuration key "${configKey}", which no MessageQueueModule.forRoot({ configKey }) registers.${didYouMean(configKey, keys)}`,
        { queue: definition.name },
      );
    }
    if (other === undefined) queues.set(definition.name, registration);
  }
  return [...queues.values()].filter(({ place }) => place !== 'built in');
}

function markerOf<T>(module: ModuleRef, token: symbol): T | undefined {
  return module.providers.get(token)?.instance as T | undefined;
}
