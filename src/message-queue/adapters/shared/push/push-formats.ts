import type { Issue } from '../../../../kernel/errors.js';
import type { NotificationDraft } from '../../../ports/notifications/notification-channel.js';

/** Keys of data that a service keeps for itself. */
export interface ReservedKeys {
  /** As messages name it. */
  readonly service: string;
  readonly isReserved: (key: string) => boolean;
}

/**
 * What is wrong with the data of a push whose entries stand beside the service's fields and ours.
 * @param ours the fields that the channel adds; an entry of the same name may only say the same
 */
export function dataIssues(
  { push }: NotificationDraft,
  { service, isReserved }: ReservedKeys,
  ours: Readonly<Record<string, unknown>>,
): Issue[] {
  return Object.entries(push?.data ?? {}).flatMap(([key, value]) => {
    const path = `pushPayload.data.${key}`;
    if (isReserved(key))
      return [{ path, message: `is a key that ${service} keeps for itself; name it otherwise` }];
    return Object.hasOwn(ours, key) && ours[key] !== value
      ? [{ path, message: 'is a key that every push has, with another value; name it otherwise' }]
      : [];
  });
}

/** What is wrong with an image that a device is to load. */
export function imageIssues({ push }: NotificationDraft, service: string): Issue[] {
  const image = push?.image;
  return image === undefined || isWebUrl(image)
    ? []
    : [
        {
          path: 'pushPayload.image',
          message: `must be an address that begins with https:// or http://; ${service} takes no other`,
        },
      ];
}

/** Whether a text is an address of the web, and not the name of an icon or an action. */
export function isWebUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
