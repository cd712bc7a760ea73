export { SignedDeliveryReports } from './signed-delivery-reports.js';
export { webhookAdapters } from './webhook-adapters.js';
export type { WebhookAsyncOptions } from './webhook-adapters.js';
export { webhookBreakerName } from './webhook-breaker-name.js';
export { WebhookFailedError, WebhookRefusedError } from './webhook-errors.js';
export {
  signWebhook,
  verifyWebhook,
  WebhookHeader,
  WebhookSignatureError,
} from '../shared/webhook/webhook-signature.js';
export type { SignedWebhook, VerifyWebhookOptions } from '../shared/webhook/webhook-signature.js';
export type { ResolvedAddress } from '../shared/webhook/endpoint-address.js';
export type { WebhookEndpoint, WebhookTransportOptions } from './webhook.options.js';
export { WebhookTransport } from './webhook.transport.js';
