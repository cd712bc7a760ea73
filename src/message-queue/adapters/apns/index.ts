export { ApnsPushChannel } from './apns-push.channel.js';
export type { ApnsOptions } from './apns-options.js';
