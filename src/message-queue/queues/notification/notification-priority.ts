/** Whether a notification may break quiet hours. Not the job's priority in the queue. */
export const NotificationPriority = { NORMAL: 'normal', URGENT: 'urgent' } as const;

/** One of {@link NotificationPriority}'s values. */
export type NotificationPriority = (typeof NotificationPriority)[keyof typeof NotificationPriority];

/** Whether a value is a notification priority. */
export function isNotificationPriority(value: unknown): value is NotificationPriority {
  return Object.values<unknown>(NotificationPriority).includes(value);
}
