import type { MessageQueueService } from '../../message-queue.service.js';
import { UnsupportedOperationError } from '../../jobs/errors.js';
import type { MetricsPage } from './metrics-page.js';

const PAGES = new WeakMap<MessageQueueService, MetricsPage>();

/** Says which metrics are those of an app, by its service. */
export function keepMetrics(messageQueue: MessageQueueService, page: MetricsPage): MetricsPage {
  PAGES.set(messageQueue, page);
  return page;
}

/** @throws UnsupportedOperationError for a service that this library has not made, such as a double in a test */
export function metricsOf(messageQueue: MessageQueueService): MetricsPage {
  const page = PAGES.get(messageQueue);
  if (page !== undefined) return page;
  throw new UnsupportedOperationError(
    'There are no metrics of this service: give messageQueueCollector() the MessageQueueService that the module provides.',
  );
}
