import { EventHandlerRegistrationError } from '../events/errors.js';
import type { HandlerPlace } from '../events/event-words.js';
import type { HandledType } from '../threads/thread-messages.js';

/** What the bus knows of one type of event. */
export interface KnownType {
  readonly name: string;
  /** Stands for the name in the buffer. */
  readonly number: number;
  /** Where it is handled now. */
  place: HandlerPlace;
}

interface Entry extends KnownType {
  /** What decorators in the app say. */
  declared: HandlerPlace | null;
  inApp: boolean;
}

/** The one list of types that somebody handles: it only grows, so a type's number holds for the life of the bus. */
export class EventTypes {
  private readonly byName = new Map<string, Entry>();
  private readonly list: Entry[] = [];

  /** Undefined: nobody handles it. */
  of(name: string): KnownType | undefined {
    return this.byName.get(name);
  }

  at(number: number): KnownType | undefined {
    return this.list[number];
  }

  /** Index = number. */
  get names(): string[] {
    return this.list.map(({ name }) => name);
  }

  /**
   * A handler in the app.
   * @param place what its decorator says; null: it has none
   * @returns whether the type is new
   * @throws EventHandlerRegistrationError when another decorator of the type says another place
   */
  addInApp(name: string, place: HandlerPlace | null): boolean {
    const known = this.byName.get(name);
    if (known === undefined) {
      this.add({ name, number: this.list.length, place: 'main', declared: place, inApp: true });
      return true;
    }
    if (place !== null) {
      if (known.declared !== null && known.declared !== place) throw mixed(name);
      if (place === 'main' && known.place === 'threads') throw mixed(name);
      known.declared = place;
    }
    known.inApp = true;
    return false;
  }

  /**
   * What the module of the threads handles.
   * @returns the types that are new
   * @throws EventHandlerRegistrationError when the app and the module contradict each other
   */
  addInThreads(handled: readonly HandledType[]): string[] {
    const before = this.list.length;
    for (const { type, place } of handled) {
      const known = this.byName.get(type);
      if (place === 'main') requireInApp(type, known);
      else if (known === undefined)
        this.add({ name: type, number: this.list.length, place, declared: null, inApp: false });
      else if (known.declared === 'main') throw mixed(type);
      else known.place = 'threads';
    }
    return this.list.slice(before).map(({ name }) => name);
  }

  private add(entry: Entry): void {
    this.list.push(entry);
    this.byName.set(entry.name, entry);
  }
}

function requireInApp(type: string, known: Entry | undefined): void {
  if (known?.declared === 'threads') throw mixed(type);
  if (known?.inApp === true) return;
  throw new EventHandlerRegistrationError(
    `The module of the threads says of "${type}" { where: 'main' }, but no provider of the app handles it: ` +
      'import the module with that handler into the app too, or let it run on threads.',
  );
}

function mixed(type: string): EventHandlerRegistrationError {
  return new EventHandlerRegistrationError(
    `Handlers of "${type}" say different places, { where: 'main' } and { where: 'threads' }: all handlers of a type run at one.`,
  );
}
