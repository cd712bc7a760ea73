import { Inject, Injectable, Optional } from '@nestjs/common';
import { NotificationPreferences } from '../../../ports/notifications/notification-preferences.js';
import type { RecipientPreferences } from '../../../ports/notifications/notification-preferences.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';

/** Preferences in memory. Forgets none, since an opt-out must hold: a full one refuses to save. */
@Injectable()
export class InMemoryNotificationPreferences extends NotificationPreferences {
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
}
