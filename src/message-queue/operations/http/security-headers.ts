import type { HttpMiddleware } from './mount.js';

/**
 * Headers that keep pages from being framed, sniffed or made to load foreign code, and from being kept where somebody else finds them.
 * @param policy the Content-Security-Policy, directive by directive
 */
export function headersOfPages(policy: readonly string[]): HttpMiddleware {
  const text = policy.join('; ');
  return (_request, response, next) => {
    response.removeHeader('X-Powered-By');
    response.setHeader('Content-Security-Policy', text);
    response.setHeader('X-Frame-Options', 'DENY');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cache-Control', 'no-store');
    next();
  };
}
