import type { IEventHandler } from '../events/event-words.js';

/** Which handlers a thread has for which type, in order of registration. */
export class EventHandlers {
  private readonly byType = new Map<string, IEventHandler[]>();

  add(type: string, handler: IEventHandler): void {
    const known = this.byType.get(type);
    if (known === undefined) this.byType.set(type, [handler]);
    else known.push(handler);
  }

  /** Undefined: none. */
  of(type: string): readonly IEventHandler[] | undefined {
    return this.byType.get(type);
  }

  has(type: string): boolean {
    return this.byType.has(type);
  }

  /** In order of registration. */
  get types(): readonly string[] {
    return [...this.byType.keys()];
  }
}
