import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Page } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { SuppressionStore } from '../../../ports/suppressions/suppression-store.js';
import type { SuppressionFilter, SuppressionLifting } from '../../../ports/suppressions/suppression-store.js';
import { WISHED_SUPPRESSIONS } from '../../../ports/suppressions/suppression.js';
import type { Suppression, SuppressionChannel } from '../../../ports/suppressions/suppression.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { pageOf } from '../page-of.js';
import { eraseNext } from '../traces.js';

/** What is known of a destination: that it is suppressed, or when that was lifted last. */
interface Destination {
  readonly key: string;
  readonly recipientId: string | null;
  readonly suppression: Suppression | null;
  readonly liftedAt: number;
}

/** Suppressed destinations in memory. Refuses more than fit: none may be forgotten. */
@Injectable()
export class InMemorySuppressionStore extends SuppressionStore {
  override readonly holds = 'suppressions';
  private readonly destinations: BoundedMap<Destination>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.destinations = new BoundedMap(limits, ({ key }) => key.length);
  }

  override add(suppression: Suppression, signal?: AbortSignal): Promise<'added' | 'unchanged'> {
    return answer(signal, () => {
      const key = keyOf(suppression);
      const known = this.destinations.get(key);
      if (known !== undefined && !replaces(suppression, known)) return 'unchanged';
      const { recipientId } = suppression;
      this.write({ key, recipientId, suppression, liftedAt: known?.liftedAt ?? Number.NEGATIVE_INFINITY });
      return 'added';
    });
  }

  override findMany(
    channel: SuppressionChannel,
    destinations: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Suppression[]> {
    return answer(signal, () =>
      [...new Set(destinations)].flatMap(
        (destination) => this.destinations.get(keyOf({ channel, destination }))?.suppression ?? [],
      ),
    );
  }

  override lift(lifting: SuppressionLifting, signal?: AbortSignal): Promise<Suppression | null> {
    return answer(signal, () => {
      const key = keyOf(lifting);
      const at = lifting.at.getTime();
      const known = this.destinations.get(key);
      const suppression = known?.suppression ?? null;
      const isMeant = lifting.only === undefined || lifting.only === suppression?.reason;
      if (suppression !== null && (!isMeant || suppression.at.getTime() > at)) return null;
      const { recipientId = null, liftedAt = at } = known ?? {};
      this.write({ key, recipientId, suppression: null, liftedAt: Math.max(at, liftedAt) });
      return suppression;
    });
  }

  override list(filter: SuppressionFilter = {}, signal?: AbortSignal): Promise<Page<Suppression>> {
    const { channel, recipientId } = filter;
    return answer(signal, () => {
      const asked = this.destinations
        .values()
        .flatMap(({ suppression }) => suppression ?? [])
        .filter((one) => channel === undefined || one.channel === channel)
        .filter((one) => recipientId === undefined || one.recipientId === recipientId);
      return pageOf(asked, (one) => [one.at.getTime(), keyOf(one)], 'newest-first', filter);
    });
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () =>
      eraseNext(this.tracesOf(target), limit, ({ key }) => this.destinations.delete(key)),
    );
  }

  private tracesOf(target: TraceTarget): Destination[] {
    if (target.kind !== 'subject') return [];
    return this.destinations.values().filter(({ recipientId }) => recipientId === target.subjectId);
  }

  private write(destination: Destination): void {
    this.destinations.setOrRefuse(destination.key, destination, 'SuppressionStore');
  }
}

function keyOf({ channel, destination }: Pick<Suppression, 'channel' | 'destination'>): string {
  return `${channel}:${destination}`;
}

/** Whether a suppression takes the place of what is known: it was lifted before, or what suppresses it is weaker. */
function replaces({ reason, at }: Suppression, { suppression, liftedAt }: Destination): boolean {
  if (suppression === null) return at.getTime() > liftedAt;
  return WISHED_SUPPRESSIONS.includes(reason) && !WISHED_SUPPRESSIONS.includes(suppression.reason);
}
