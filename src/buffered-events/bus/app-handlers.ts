import { EventHandlerRegistrationError } from '../events/errors.js';
import { quoted } from '../../kernel/values/words.js';
import { inRootContext } from '../../kernel/host/root-context.js';
import { EventHandlers } from '../consume/event-handlers.js';
import { checkEventHandler, checkEventType } from '../events/event-kinds.js';
import type { FoundHandler } from '../events/handler-scan.js';
import type { HandlerPlace, IEventHandler } from '../events/event-words.js';
import { EventTypes } from './event-types.js';

/** The module of the threads, booted in the app's thread. */
export interface ModuleHere {
  readonly handlers: readonly FoundHandler[];
  /** Runs its shutdown hooks. */
  close(): Promise<void>;
}

/** What is handled, and by which functions of the app's thread. */
export class AppHandlers {
  readonly types = new EventTypes();
  readonly handlers = new EventHandlers();
  private bringing: Promise<void> | null = null;
  private module: ModuleHere | null = null;

  /** @param boot makes the handlers of threads here; null: the app has them anyway, or there are none */
  constructor(private readonly boot: (() => Promise<ModuleHere>) | null) {}

  /** See `EventBus.register`. @returns whether its type is new */
  add(type: string, handler: IEventHandler, place: HandlerPlace | null): boolean {
    checkEventType('registerHandler()', type);
    checkEventHandler('registerHandler()', handler);
    const isNew = this.types.addInApp(type, place);
    this.handlers.add(type, handler);
    return isNew;
  }

  /** @throws EventHandlerRegistrationError where nobody handles the type, in no thread */
  assertHandled(type: string): void {
    if (this.types.of(type) !== undefined) return;
    checkEventType('emitHandled()', type);
    throw new EventHandlerRegistrationError(`Nobody handles events of type ${quoted(type)}.`);
  }

  /** Makes the handlers of threads here too, once; those of types that the app handles itself are not needed. */
  async bring(): Promise<void> {
    if (this.boot === null) return;
    this.bringing ??= this.take(this.boot);
    try {
      await this.bringing;
    } catch (error) {
      this.bringing = null;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.module?.close();
  }

  private async take(boot: () => Promise<ModuleHere>): Promise<void> {
    // It lives on: whose request it was that asked for fewer threads is none of its business.
    const module = await inRootContext(boot);
    try {
      this.types.addInThreads(module.handlers.filter(({ place }) => place === 'main'));
    } catch (error) {
      await module.close();
      throw error;
    }
    this.module = module;
    const own = new Set(this.handlers.types);
    for (const handler of module.handlers) {
      const { type, place } = handler;
      if (place === 'main' || own.has(type)) continue;
      this.types.addInApp(type, null);
      this.handlers.add(type, handler);
    }
  }
}
