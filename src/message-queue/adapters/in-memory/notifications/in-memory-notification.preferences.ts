import { Inject, Injectable, Optional } from '@nestjs/common';
import { NotificationPreferences } from '../../../ports/notifications/notification-preferences.js';
import type { RecipientPreferences } from '../../../ports/notifications/notification-preferences.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { isOfSubject } from '../trace-targets.js';
import { eraseNext } from '../traces.js';

/** Preferences in memory. Forgets none, since an opt-out must hold: a full one refuses to save. */
@Injectable()
export class InMemoryNotificationPreferences extends NotificationPreferences {
  override readonly holds = 'notification preferences';
  private readonly preferences: BoundedMap<RecipientPreferences>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.preferences = new BoundedMap(limits);
  }

  override find(recipientId: string, signal?: AbortSignal): Promise<RecipientPreferences | null> {
    return answer(signal, () => this.preferences.get(recipientId) ?? null);
  }

  override save(preferences: RecipientPreferences, signal?: AbortSignal): Promise<void> {
    return answer(signal, () => {
      this.preferences.setOrRefuse(preferences.recipientId, preferences, 'NotificationPreferences');
    });
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () =>
      eraseNext(this.tracesOf(target), limit, ({ recipientId }) => this.preferences.delete(recipientId)),
    );
  }

  private tracesOf(target: TraceTarget): RecipientPreferences[] {
    return this.preferences.values().filter(isOfSubject(target));
  }
}
