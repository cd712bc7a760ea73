import { CallRecorder } from './call-recorder.js';

/** An adapter whose calls are remembered and can be made to fail: itself, and its `recorder` beside it. */
export type Recorded<Port extends object> = Port & { readonly recorder: CallRecorder<Port> };

/** Nest calls these on the adapter itself, which is a provider too; a second time would close it twice. */
const LIFECYCLE: readonly PropertyKey[] = [
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
];

/**
 * Puts a recorder before an implementation of a port, whoever wrote it. Every call goes through the recorder and, unless the test
 * planned a fault, on to the adapter; everything but methods is the adapter's. Nest's lifecycle hooks are left out.
 */
export function recorded<Port extends object>(adapter: Port): Recorded<Port> {
  const recorder = new CallRecorder<Port>();
  return new Proxy(adapter, {
    get(target, property): unknown {
      if (property === 'recorder') return recorder;
      if (LIFECYCLE.includes(property)) return undefined;
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function' || typeof property === 'symbol' || property === 'constructor')
        return value;
      return new Proxy(value, {
        // Called on the adapter itself: a proxy has none of its private fields. What the function has beside its call stays there.
        apply: (called, _self, args: unknown[]): unknown =>
          recorder.call(property, args, () => Reflect.apply(called, target, args) as unknown),
      });
    },
  }) as Recorded<Port>;
}

/** The recorder of what {@link recorded} made, or undefined. */
export function recorderOf(adapter: object): CallRecorder | undefined {
  const recorder: unknown = (adapter as Partial<Recorded<object>>).recorder;
  return recorder instanceof CallRecorder ? recorder : undefined;
}
