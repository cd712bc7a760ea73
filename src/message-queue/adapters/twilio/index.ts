export { TwilioSmsChannel } from './twilio-sms.channel.js';
export type { TwilioOptions } from './twilio-options.js';
