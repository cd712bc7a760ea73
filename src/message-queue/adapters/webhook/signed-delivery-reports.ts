import { Issues } from '../../../kernel/values/issues.js';
import { isRecord } from '../../../kernel/values/kinds.js';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { InvalidDeliveryReportError } from '../../ports/notifications/delivery-report.js';
import type { DeliveryReport, DeliveryReports } from '../../ports/notifications/delivery-report.js';
import { problemWithSecrets, verifyWebhook } from '../shared/webhook/webhook-signature.js';
import type { SignedWebhook, VerifyWebhookOptions } from '../shared/webhook/webhook-signature.js';

const MOST_REPORTS = 1_000;

/**
 * A way in for delivery reports as JSON, signed by the rules of Standard Webhooks: for services whose own callbacks you translate, such as a
 * mailbox that takes bounces. Mount it in one controller, which hands it the body as it came:
 *
 * ```ts
 * @Post('reports') @HttpCode(204)
 * async receive(@Req() request: RawBodyRequest<Request>): Promise<void> {
 *   await this.signed.receive({ headers: request.headers, body: request.rawBody ?? '' });
 * }
 * ```
 *
 * The body is one report or a list of at most 1 000: `channel`, `outcome` and `at` (ISO 8601), with `providerId`, `destination`, `permanent`
 * (default false) and `detail` where they are known.
 */
export class SignedDeliveryReports {
  private readonly secrets: readonly string[];

  /**
   * @param secret what reports are signed with, `whsec_` and base64 or plain text, at least 16 bytes; several while they are rotated
   * @throws InvalidConfigurationError
   */
  constructor(
    private readonly reports: DeliveryReports,
    secret: string | readonly string[],
    private readonly options: VerifyWebhookOptions = {},
  ) {
    this.secrets = typeof secret === 'string' ? [secret] : [...secret];
    const issues = new Issues();
    const problem = problemWithSecrets(this.secrets);
    issues.unless(problem === undefined, 'secret', problem ?? '');
    issues.throwIfAny(InvalidConfigurationError, 'Delivery reports cannot be received:');
  }

  /**
   * Records the reports of one request. The same request again changes nothing, and ids that nobody knows are no error.
   * @returns how many changed something
   * @throws WebhookSignatureError: answer 401; InvalidDeliveryReportError: answer 400; anything else: answer 500, and the sender tries again
   */
  async receive(request: SignedWebhook, signal?: AbortSignal): Promise<number> {
    verifyWebhook(request, this.secrets, this.options);
    let changed = 0;
    for (const report of reportsIn(request.body)) {
      if (await this.reports.record(report, signal)) changed += 1;
    }
    return changed;
  }
}

function reportsIn(body: string | Uint8Array): DeliveryReport[] {
  const given = parsed(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'));
  const list = Array.isArray(given) ? (given as unknown[]) : [given];
  if (list.length > MOST_REPORTS || !list.every(isRecord)) {
    throw unreadable(`must be one report, or a list of at most ${MOST_REPORTS}, each an object`);
  }
  return list.map(reportOf);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw unreadable('must be JSON');
  }
}

function unreadable(message: string): InvalidDeliveryReportError {
  return new InvalidDeliveryReportError('No delivery report was recorded:', [{ path: 'body', message }]);
}

/** Whoever records it checks every field. */
function reportOf(given: Readonly<Record<string, unknown>>): DeliveryReport {
  const {
    channel,
    outcome,
    at,
    providerId = null,
    destination = null,
    permanent = false,
    detail = null,
  } = given;
  const report = { channel, outcome, providerId, destination, permanent, detail };
  return { ...report, at: typeof at === 'string' ? new Date(at) : undefined } as unknown as DeliveryReport;
}
