import { abandonable } from '../../kernel/host/abandonable.js';
import type { CircuitBreakers } from '../ports/circuit-breakers.js';

/** Names of the breakers that the built-in queues use. Channels: `notification:email`, `notification:push:<service>`, … */
export const Dependency = { TRANSPORT: 'transport', SEARCH: 'search', STORE: 'store' } as const;

/**
 * A port with all of its methods behind one dependency's breaker. A call's last argument, when it is an AbortSignal, is the signal
 * that the breaker looks at. Everything but methods is passed on as it is.
 */
export function guardedPort<Port extends object>(
  port: Port,
  dependency: string,
  breakers: CircuitBreakers,
): Port {
  return new Proxy(port, {
    get(target, property): unknown {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): Promise<unknown> => {
        const last = args.at(-1);
        const signal = last instanceof AbortSignal ? last : undefined;
        // Called on the port itself: a proxy has none of its private fields.
        const call = async (): Promise<unknown> => Reflect.apply(value, target, args) as unknown;
        return breakers.run(dependency, abandonable(call), { signal });
      };
    },
  });
}
