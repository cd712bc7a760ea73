/**
 * The payload of each event type, for a host to declare. Once it has an entry, only declared types compile, with their payloads:
 *
 * ```ts
 * declare module 'nestjs-message-queue/buffered-events' {
 *   interface EventMap { 'user.registered': { userId: string; email: string } }
 * }
 * ```
 */
export interface EventMap {}

/** What nobody declared: it is the host who says what it is. */
export type Undeclared = any;

/** Whether a host declared its events. */
type IsDeclared = keyof EventMap extends never ? false : true;

/** Types that may be emitted and handled: those of {@link EventMap}, any where it is empty. */
export type EventType = IsDeclared extends true ? Extract<keyof EventMap, string> : string;

/** The payload that a type was declared with; `any` where no type was. */
export type EventPayload<T extends string> = IsDeclared extends true
  ? T extends keyof EventMap
    ? EventMap[T]
    : never
  : Undeclared;

/** What becomes of a value that is JSON for a while: dates are strings then, and methods are gone. */
export type AsJson<V> = 0 extends V & 1
  ? V
  : V extends { toJSON(): infer Json }
    ? Json
    : V extends AnyFunction
      ? never
      : V extends readonly unknown[]
        ? { readonly [Index in keyof V]: AsJson<V[Index]> }
        : V extends object
          ? { readonly [Key in keyof V as V[Key] extends AnyFunction ? never : Key]: AsJson<V[Key]> }
          : V;

type AnyFunction = (...parameters: never[]) => unknown;

/** An event as a handler gets it: `event.email` and `event.payload.email` both work. Dates are strings: it was JSON. */
export type BufferedEvent<T extends string = string, P = unknown> = OwnNames<AsJson<P>> & {
  readonly type: T;
  readonly payload: AsJson<P>;
  readonly correlationId: string;
};

/** The fields of a payload that the event has too, beside its own. */
type OwnNames<P> = P extends readonly unknown[]
  ? unknown
  : P extends object
    ? Omit<P, 'type' | 'payload' | 'correlationId'>
    : unknown;

/** What a handler of a type may take: what it was declared with, anything where nothing was. */
export type HandledEvent<T extends string> = IsDeclared extends true
  ? T extends keyof EventMap
    ? BufferedEvent<T, EventMap[T]>
    : never
  : Undeclared;
