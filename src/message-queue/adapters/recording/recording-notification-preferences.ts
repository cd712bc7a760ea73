import { Injectable } from '@nestjs/common';
import { NotificationPreferences } from '../../ports/notifications/notification-preferences.js';
import type { RecipientPreferences } from '../../ports/notifications/notification-preferences.js';
import { CallRecorder } from './call-recorder.js';

/** Preferences in memory. */
@Injectable()
export class RecordingNotificationPreferences extends NotificationPreferences {
  readonly recorder = new CallRecorder();
  private readonly preferences = new Map<string, RecipientPreferences>();

  override find(recipientId: string, signal?: AbortSignal): Promise<RecipientPreferences | null> {
    return this.recorder.run('find', [recipientId], signal, () => this.preferences.get(recipientId) ?? null);
  }

  override save(preferences: RecipientPreferences, signal?: AbortSignal): Promise<void> {
    return this.recorder.run('save', [preferences], signal, () => {
      this.preferences.set(preferences.recipientId, preferences);
    });
  }
}
