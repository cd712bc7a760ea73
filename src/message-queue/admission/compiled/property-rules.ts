import type { Type } from '@nestjs/common';
import type { MetadataStorage, ValidationArguments } from 'class-validator';

/** One rule as class-validator keeps it. */
export type ValidationMetadata = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];
type Constraint = ReturnType<MetadataStorage['getTargetValidatorConstraints']>[number];
type Condition = (payload: object, value: unknown) => unknown;

/** A rule or a `@Transform` answered with a promise: its class is not for one synchronous pass. */
export class AsyncAnswerError extends Error {}

/** @throws AsyncAnswerError when a host's function answered with a promise, whose failure then stays unheard */
export function refusePromise(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null || !('then' in answer)) return;
  if (answer instanceof Promise) answer.catch(() => undefined);
  throw new AsyncAnswerError();
}

/** The rules of one property: with conditions (`@IsOptional`, `@ValidateIf`) they count only when all say so. */
export class PropertyRules {
  readonly #conditions: ValidationMetadata[] = [];
  readonly #rules: Rule[] = [];
  /** Whether `@ValidateNested` stands above it; its objects were judged when they were read. */
  isNested = false;

  addCondition(metadata: ValidationMetadata): void {
    this.#conditions.push(metadata);
  }

  addRule(rule: Rule): void {
    this.#rules.push(rule);
  }

  accept(value: unknown, payload: object): boolean {
    if (!this.#apply(value, payload)) return true;
    for (const rule of this.#rules) if (!rule.accepts(value, payload)) return false;
    return !(this.isNested && value === null);
  }

  /** Asks all conditions, as class-validator does: one of them may throw. */
  #apply(value: unknown, payload: object): boolean {
    let apply = true;
    for (const { constraints } of this.#conditions) {
      if (!(constraints as [Condition])[0](payload, value)) apply = false;
    }
    return apply;
  }
}

/** One constraint of one rule, asked as class-validator asks it. */
export class Rule {
  readonly #targetName: string;
  readonly #metadata: ValidationMetadata;
  readonly #constraint: Pick<Constraint, 'instance'>;

  constructor(type: Type<object>, metadata: ValidationMetadata, constraint: Constraint) {
    this.#targetName = type.name;
    this.#metadata = metadata;
    // The usual rule has a constraint of its own, which nothing replaces. A class of the host's may come from a
    // container, which may be set later and make a new one each time.
    const isOwn = constraint.target.name === 'CustomConstraint';
    this.#constraint = isOwn ? { instance: constraint.instance } : constraint;
  }

  /** @throws AsyncAnswerError, and whatever the rule throws */
  accepts(value: unknown, payload: object): boolean {
    const metadata = this.#metadata;
    if (metadata.validateIf && !metadata.validateIf(payload, value)) return true;
    const { propertyName: property, constraints } = metadata;
    const args: ValidationArguments = {
      targetName: this.#targetName,
      property,
      object: payload,
      value,
      constraints: constraints as unknown[],
    };
    if (!metadata.each || !Array.isArray(value)) return this.#holds(value, args);
    for (const item of value) if (!this.#holds(item, args)) return false;
    return true;
  }

  #holds(value: unknown, args: ValidationArguments): boolean {
    const answer: unknown = this.#constraint.instance.validate(value, args);
    if (answer === true) return true;
    refusePromise(answer);
    return false;
  }
}
