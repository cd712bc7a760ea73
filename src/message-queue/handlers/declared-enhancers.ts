import type { Type } from '@nestjs/common';
import type { ProcessorSource } from './processor-scan.js';

/** Nest's decorators and what they leave behind; where it exports the keys differs between its versions. */
const DECORATORS = {
  '@UseGuards': '__guards__',
  '@UseInterceptors': '__interceptors__',
  '@UseFilters': '__exceptionFilters__',
  '@UsePipes': '__pipes__',
} as const;

/** Whether guards, interceptors, filters or pipes are declared on a class or on its method. */
export function hasEnhancers(type: Type<object>, methodName: string): boolean {
  return enhancersOf(type, methodName).length > 0;
}

/** What is wrong with a method's enhancers: those that Nest created nowhere it would leave out in silence. */
export function enhancerProblems({ type, wrapper }: ProcessorSource, methodName: string): string[] {
  return enhancersOf(type, methodName)
    .filter(({ enhancer }) => typeof enhancer === 'function' && !wrapper?.host?.injectables.has(enhancer))
    .map(
      ({ decorator, enhancer }) =>
        `${type.name}.${methodName} would run without ${decorator}(${(enhancer as Type<object>).name}): Nest creates enhancers ` +
        `only for classes that stand in providers themselves. List ${type.name} there as it is, or give ${decorator} an instance.`,
    );
}

interface DeclaredEnhancer {
  readonly decorator: string;
  /** A class, or an object that the host made. */
  readonly enhancer: unknown;
}

function enhancersOf(type: Type<object>, methodName: string): DeclaredEnhancer[] {
  const method = (type.prototype as Record<string, object>)[methodName];
  return Object.entries(DECORATORS).flatMap(([decorator, key]) =>
    [type, method].flatMap((target) => {
      const declared = (target && (Reflect.getMetadata(key, target) as unknown[] | undefined)) ?? [];
      return declared.map((enhancer) => ({ decorator, enhancer }));
    }),
  );
}
