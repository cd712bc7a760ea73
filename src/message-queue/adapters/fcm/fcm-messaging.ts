/** What is sent, a part of firebase-admin's `TokenMessage`. */
export interface FcmMessage {
  token: string;
  notification: { title: string; body: string; imageUrl?: string };
  data: Record<string, string>;
  android: {
    priority: 'high' | 'normal';
    /** Milliseconds. */
    ttl?: number;
    collapseKey: string;
    notification: { tag?: string; sound?: string; icon?: string; clickAction?: string };
  };
  apns: {
    headers: Record<string, string>;
    payload: { aps: { badge?: number; sound?: string; category?: string; 'interruption-level'?: string } };
  };
}

/** The part of firebase-admin (13 or later) that is used: `getMessaging(app)` fits. */
export interface FcmMessaging {
  /** @returns the message's name at FCM. @throws errors with a `code` like `messaging/registration-token-not-registered` */
  send(message: FcmMessage): Promise<string>;
}
