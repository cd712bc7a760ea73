import { Exchange } from '../http/exchange.js';
import type { HttpStep } from '../http/mount.js';
import { EXPOSITION_TYPE } from './exposition.js';
import type { MetricsPage } from './metrics-page.js';

/**
 * Answers scrapes; who may ask is decided before it.
 * @param page asked for with each request
 * @public loaded with require
 */
export function metricsStep(page: () => Pick<MetricsPage, 'text'>): HttpStep {
  return async (request, response, _next, platform) => {
    const exchange = new Exchange(request, response, platform);
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      exchange.send(405, 'text/plain; charset=utf-8', 'Metrics are read with GET.\n');
      return;
    }
    exchange.send(200, EXPOSITION_TYPE, await page().text());
  };
}
