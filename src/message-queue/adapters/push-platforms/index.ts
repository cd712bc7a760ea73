export { PlatformPushChannel } from './platform-push.channel.js';
