import { domainToASCII } from 'node:url';
import { SuppressionChannel } from '../ports/suppressions/suppression.js';

/** How a channel tells whether two destinations are the same: both have this form. Never throws. */
export function destinationForm(channel: SuppressionChannel, destination: string): string {
  const written = destination.trim();
  switch (channel) {
    case SuppressionChannel.EMAIL:
      return mailForm(written);
    case SuppressionChannel.SMS:
      return written.replace(/[\p{White_Space}\p{Dash_Punctuation}().]/gu, '');
    case SuppressionChannel.PUSH:
      return endpointOf(written) ?? written;
    case SuppressionChannel.WEBHOOK:
      return URL.canParse(written) ? new URL(written).href : written;
  }
}

/** What is before the last `@` is the mailbox's own matter, and may be in any script; what is after it is a domain. */
function mailForm(address: string): string {
  const at = address.lastIndexOf('@');
  if (at === -1) return address.normalize('NFC');
  const domain = address.slice(at + 1);
  return `${address.slice(0, at).normalize('NFC')}@${domainToASCII(domain) || domain.toLowerCase()}`;
}

/** Of a Web Push subscription as JSON, whatever the order of its fields; null for any other token. */
function endpointOf(token: string): string | null {
  if (!token.startsWith('{')) return null;
  try {
    const { endpoint } = JSON.parse(token) as { endpoint?: unknown };
    return typeof endpoint === 'string' && endpoint !== '' ? endpoint : null;
  } catch {
    return null;
  }
}
