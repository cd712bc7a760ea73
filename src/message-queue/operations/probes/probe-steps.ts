import type { ServerResponse } from 'node:http';
import type { HttpStep } from '../http/mount.js';
import type { ProcessProbes } from './process-probes.js';

/** What probes are answered by, and where: mount each at its address. */
export function probeSteps(
  path: string,
  probes: Pick<ProcessProbes, 'isReady'>,
): readonly { readonly address: string; readonly step: HttpStep }[] {
  return [
    { address: `${path}/live`, step: probeStep(() => true) },
    { address: `${path}/ready`, step: probeStep(() => probes.isReady()) },
  ];
}

function probeStep(isWell: () => boolean | Promise<boolean>): HttpStep {
  return async (request, response, next) => {
    // What stands behind the address is somebody else's.
    if (!/^\/?(\?|$)/.test(request.url ?? '')) {
      next();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      answer(response, 405, 'method not allowed');
      return;
    }
    const well = await isWell();
    answer(response, well ? 200 : 503, well ? 'ok' : 'unavailable');
  };
}

function answer(response: ServerResponse, statusCode: number, status: string): void {
  response.statusCode = statusCode;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify({ status }));
}
