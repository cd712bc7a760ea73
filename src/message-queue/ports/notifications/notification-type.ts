/** The channels a notification can take. */
export const NotificationType = {
  PUSH: 'push',
  EMAIL: 'email',
  SMS: 'sms',
  IN_APP: 'in_app',
} as const;

/** One of {@link NotificationType}'s values. */
export type NotificationType = (typeof NotificationType)[keyof typeof NotificationType];

/** Whether a value is a notification type. */
export function isNotificationType(value: unknown): value is NotificationType {
  return Object.values<unknown>(NotificationType).includes(value);
}
