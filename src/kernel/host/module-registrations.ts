import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

type ModuleRef = ModulesContainer extends Map<string, infer Module> ? Module : never;

/** A module that says how it was registered. */
export interface FoundRegistration<T> {
  readonly registration: T;
  /** Where it was registered, and by whom it is imported, for messages. */
  readonly place: string;
}

/** What modules say in their marker, in the order of modules. @param token of the marker @param placeOf where it was registered, in words */
export function registrationsIn<T>(
  modules: Iterable<ModuleRef>,
  token: symbol,
  placeOf: (registration: T) => string,
): FoundRegistration<T>[] {
  const all = [...modules];
  return all.flatMap((module) => {
    const registration = module.providers.get(token)?.instance as T | undefined;
    if (registration === undefined) return [];
    const importers = importersOf(module, all);
    const by = importers.length === 0 ? '' : ` (imported by ${importers.join(', ')})`;
    return { registration, place: `${placeOf(registration)}${by}` };
  });
}

/** Names of the hosts' modules that import a module, directly or by the plain import. */
function importersOf(module: ModuleRef, modules: readonly ModuleRef[]): string[] {
  return modules
    .filter((candidate) => candidate.imports.has(module))
    .flatMap((importer) =>
      PLAIN_MODULES.has(importer.metatype) ? importersOf(importer, modules) : importer.metatype.name,
    );
}

const PLAIN_MODULES = new WeakSet<object>();

/** Says that a module class only stands for a registration, so that messages name the host's module behind it. */
export function standsForRegistration(metatype: Type<object>): void {
  PLAIN_MODULES.add(metatype);
}
