import type { SmtpAnswer } from './smtp-answer.js';
import { SMTP_RULES } from './smtp-rules.js';
import type { SmtpRule, SmtpVerdict } from './smtp-rules.js';

/** TLS that cannot work as it is set up: the certificate, the name in it, or no TLS at all behind the port. */
const UNTRUSTED =
  /certificate|altname|self[- ]signed|wrong version|unsupported protocol|no protocols|handshake failure|unknown ca|\bCERT_|_CERT\b|SIGNATURE|ERR_SSL|ERR_TLS|EPROTO\b/i;

/** What an answer is about, or a failure without one. */
export function smtpVerdictOf(answer: SmtpAnswer): SmtpVerdict {
  const { step, reply, fault, status, words } = answer;
  if (reply === null) {
    return step === 'auth' || UNTRUSTED.test(fault) || (step === 'tls' && UNTRUSTED.test(words))
      ? 'settings'
      : 'service';
  }
  const holds = (rule: SmtpRule): boolean =>
    (rule.at?.includes(step) ?? true) &&
    rule.reply.test(reply) &&
    (rule.status?.test(status) ?? true) &&
    (rule.words?.test(words) ?? true);
  return SMTP_RULES.find(holds)?.about ?? 'service';
}
