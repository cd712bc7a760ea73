import type { IEventHandler } from '../events/event-words.js';

/** Which handlers a thread has for which type, in order of registration. */
export class EventHandlers {
  private readonly byType = new Map<string, IEventHandler[]>();

  /** @param otherwise has the handlers of types that nobody registers here; left out: there are none */
  constructor(private readonly otherwise?: EventHandlers) {}

  add(type: string, handler: IEventHandler): void {
    const known = this.byType.get(type);
    if (known === undefined) this.byType.set(type, [handler]);
    else known.push(handler);
  }

  /** Undefined: none. */
  of(type: string): readonly IEventHandler[] | undefined {
    return this.byType.get(type) ?? this.otherwise?.of(type);
  }

  has(type: string): boolean {
    return this.byType.has(type);
  }

  /** Of those registered here, in order of registration. */
  get types(): readonly string[] {
    return [...this.byType.keys()];
  }
}
