export { FcmPushChannel } from './fcm-push.channel.js';
export type { FcmMessage, FcmMessaging } from './fcm-messaging.js';
export type { FcmOptions } from './fcm-options.js';
