import { html } from '../vendor/htm-preact.js';
import { Link } from './desk.js';

/** They concern the server that keeps the queues: health says them of each queue, a page says them once. */
const OF_SERVER = new Set(['SERVER_SETTING', 'DATA_LOST', 'MEMORY_HIGH', 'CLOCK_SKEW']);

const isOfServer = ({ code }) => OF_SERVER.has(code);
const isWorst = ({ severity }) => severity === 'unhealthy';

/** A queue with the reasons that are its own, and the state that those make. */
export function ownOf(row) {
  const reasons = row.reasons.filter((reason) => !isOfServer(reason));
  if (reasons.length === row.reasons.length) return row;
  const status = reasons.some(isWorst) ? 'unhealthy' : reasons.length > 0 ? 'degraded' : 'healthy';
  return { ...row, reasons, status };
}

/** What is wrong with servers, the worst first: each thing once, with the names of the queues that it was said of. */
export function serverReasons(rows) {
  const found = new Map();
  for (const { queue, reasons } of rows) {
    for (const reason of reasons.filter(isOfServer)) {
      const key = `${reason.code} ${reason.message}`;
      found.set(key, { ...reason, queues: [...(found.get(key)?.queues ?? []), queue] });
    }
  }
  return [...found.values()].sort((a, b) => Number(isWorst(b)) - Number(isWorst(a)));
}

const linksTo = (queues) =>
  queues.map((name, index) => html`${index > 0 && ', '}<${Link} page="queues" names=${[name]}>${name}<//>`);

/** What is wrong beside single queues, at the top of a page. @param of how many queues there are: those concerned are named when they are fewer */
export function Reasons({ reasons, of }) {
  return reasons.map(
    ({ code, message, severity, queues }) =>
      html`<section
        key=${code + message}
        class="alert ${severity === 'unhealthy' ? '' : 'warn'}"
        aria-label=${code}
      >
        <span class="mark" aria-hidden="true">${severity === 'unhealthy' ? '■' : '▲'}</span>
        <p><b>${code}</b> · ${message}</p>
        ${queues !== undefined && queues.length < of && html`<p class="todo">It concerns ${linksTo(queues)}.</p>`}
      </section>`,
  );
}
