import { AsyncLocalStorage } from 'node:async_hooks';
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

/** The boot of the module here, known to all that it calls. */
interface Boot {
  /** What the module registers by hand meanwhile. */
  readonly byHand: { readonly type: string; readonly handler: IEventHandler }[];
  isOver: boolean;
}

/** What is handled, and by which functions of the app's thread. */
export class AppHandlers {
  readonly types = new EventTypes();
  /** Those of the module, as a thread has them. */
  private readonly brought = new EventHandlers();
  /** Those of the app; of a type that it does not handle, those of the module. */
  readonly handlers = new EventHandlers(this.brought);
  private readonly boots = new AsyncLocalStorage<Boot>();
  private bringing: Promise<void> | null = null;
  private module: ModuleHere | null = null;
  private isClosed = false;

  /** @param boot makes the handlers of threads here; null: the app has them anyway, or there are none */
  constructor(private readonly boot: (() => Promise<ModuleHere>) | null) {}

  /** See `EventBus.register`. @returns whether its type is new */
  add(type: string, handler: IEventHandler, place: HandlerPlace | null): boolean {
    checkEventType('registerHandler()', type);
    checkEventHandler('registerHandler()', handler);
    const boot = this.boots.getStore();
    if (boot?.isOver === false) {
      boot.byHand.push({ type, handler });
      return false;
    }
    const isNew = this.types.addInApp(type, place);
    (boot === undefined ? this.handlers : this.brought).add(type, handler);
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

  /** Ends the module: one that still boots is ended once it has. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.bringing?.catch(() => undefined);
    await this.module?.close();
  }

  private async take(make: () => Promise<ModuleHere>): Promise<void> {
    const boot: Boot = { byHand: [], isOver: false };
    // It lives on: whose request it was that asked for fewer threads is none of its business.
    const module = await inRootContext(() => this.boots.run(boot, make));
    if (this.isClosed) {
      await module.close();
      return;
    }
    try {
      this.types.addInThreads(module.handlers.filter(({ place }) => place === 'main'));
    } catch (error) {
      await module.close();
      throw error;
    }
    this.module = module;
    boot.isOver = true;
    for (const { type, handler } of boot.byHand) this.bringOne(type, handler);
    for (const handler of module.handlers) {
      if (handler.place === 'threads') this.bringOne(handler.type, handler);
    }
  }

  private bringOne(type: string, handler: IEventHandler): void {
    this.types.addInApp(type, null);
    this.brought.add(type, handler);
  }
}
