export { SmtpEmailChannel } from './smtp-email.channel.js';
export type { SmtpOptions } from './smtp-options.js';
