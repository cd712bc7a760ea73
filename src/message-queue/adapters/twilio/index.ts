export { TwilioSmsChannel } from './twilio-sms.channel.js';
export type { TwilioOptions } from './twilio-options.js';
export { readTwilioReport } from './twilio-report.js';
export type { TwilioReportOptions } from './twilio-report.js';
export { TwilioSignatureError, verifyTwilioRequest } from './twilio-signature.js';
export type { TwilioRequest } from './twilio-signature.js';
