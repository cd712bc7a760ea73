export { WebPushChannel } from './web-push.channel.js';
export { PUBLIC_PUSH_SERVICES } from './web-push-options.js';
export type { WebPushOptions } from './web-push-options.js';
