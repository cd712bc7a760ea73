export { WebPushChannel } from './web-push.channel.js';
export type { WebPushOptions } from './web-push-options.js';
