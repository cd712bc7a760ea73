import type { Liquid, Operators, Value } from 'liquidjs';
import { unmarked, unmarkedValue } from './marked-text.js';

type Comparison = Extract<Operators[string], (left: never, right: never, context: never) => unknown>;
type CaseTag = new (...args: unknown[]) => { readonly value: Value };

const COMPARING = ['==', '!=', '>', '<', '>=', '<=', 'contains'];

/** The engine's operators, for marked texts: they compare what was written. */
export function htmlOperators(operators: Operators): Operators {
  const changed = { ...operators };
  for (const name of COMPARING) {
    const original = operators[name] as Comparison | undefined;
    if (original === undefined) continue;
    changed[name] = ((left, right, context) =>
      original(unmarkedValue(left), unmarkedValue(right), context)) satisfies Comparison;
  }
  return changed;
}

/**
 * A text that the engine compares by asking it; anything else as it is. The engine compares on its own, without its operators, in `case`
 * and in filters such as `where`.
 */
export function comparable(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const written = unmarked(value);
  return {
    equals: (other: unknown) => typeof other === 'string' && unmarked(other) === written,
    gt: () => false,
    geq: () => false,
    lt: () => false,
    leq: () => false,
  };
}

/** Makes `{% case name %}{% when "Tom & Jerry" %}` compare what was written. */
export function compareInCase(engine: Liquid): void {
  const original = engine.tags['case'] as unknown as CaseTag;
  class ComparingCase extends original {
    constructor(...args: ConstructorParameters<CaseTag>) {
      super(...args);
      const { value } = this;
      const evaluate = value.value.bind(value);
      value.value = function* (context, lenient) {
        return comparable(yield evaluate(context, lenient));
      };
    }
  }
  engine.registerTag('case', ComparingCase as unknown as (typeof engine.tags)[string]);
}
