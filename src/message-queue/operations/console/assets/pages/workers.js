import { html } from '../vendor/htm-preact.js';
import { read } from '../data/api.js';
import { useLive } from '../data/live.js';
import { bytes, count, counted, duration } from '../data/format.js';
import { Link } from '../parts/desk.js';
import { Mark, Use, When } from '../parts/figures.js';
import { Missing, Panel, Stale, Table } from '../parts/panel.js';

export const WORKER_COLUMNS = [
  'Process',
  '<State',
  '<Version',
  'Started',
  'Seen',
  'Memory',
  'Loop lag',
  'Busy',
  '<Works on',
];
const SLOW_LOOP_MS = 100;

function QueuesOf({ queues, only }) {
  const shown = only === undefined ? queues : queues.filter(({ queue }) => queue === only);
  return shown.map(
    ({ queue, slots, busy, stuck }, index) =>
      html`${index > 0 && ', '}<${Link} page="queues" names=${[queue]}>${queue}<//>${` ${count(busy)}/${count(slots)}`}${
        stuck > 0 && html` <span class="up"><span aria-hidden="true">■</span> ${count(stuck)} stuck</span>`
      }`,
  );
}

/** One row for each process. @param queue only what it does of this one */
export function WorkerRows({ workers, queue }) {
  return workers.map((worker) => {
    const {
      id,
      host,
      pid,
      role,
      version,
      node,
      state,
      startedAt,
      seenAt,
      rssBytes,
      loopLagMs,
      openBreakers,
    } = worker;
    const mine = queue === undefined ? worker.queues : worker.queues.filter((one) => one.queue === queue);
    const sum = (of) => mine.reduce((total, one) => total + of(one), 0);
    return html`<tr key=${id}>
      <th scope="row">${host}<span class="desc">pid ${pid} · ${role}</span></th>
      <td class="l"><${Mark} state=${state} withWord /></td>
      <td class="l">${version}<span class="desc">Node ${node.replace(/^v/, '')}</span></td>
      <td><${When} at=${startedAt} /></td>
      <td><${When} at=${seenAt} isPast /></td>
      <td>${bytes(rssBytes)}</td>
      <td class=${loopLagMs > SLOW_LOOP_MS ? 'amber' : ''}>${duration(loopLagMs)}</td>
      <td>
        ${mine.length === 0 ? html`<span class="zero">–</span>` : html`<${Use} busy=${sum(({ busy }) => busy)} slots=${sum(({ slots }) => slots)} />`}
      </td>
      <td class="l wrap">
        ${worker.queues.length === 0 ? html`<span class="zero">only adds</span>` : html`<${QueuesOf} queues=${worker.queues} only=${queue} />`}
        ${openBreakers.length > 0 && html`<span class="amber"> <span aria-hidden="true">▲</span> breaker open: ${openBreakers.join(', ')}</span>`}
      </td>
    </tr>`;
  });
}

export function WorkersPage() {
  const live = useLive((signal) => read.workers(signal), 'workers');
  if (live.data === null)
    return html`<${Panel} title="Workers"><${Missing} live=${live} what="the processes" /><//>`;
  const { workers } = live.data;
  const lost = workers.filter(({ state }) => state === 'lost').length;
  const sub = `${counted(workers.length - lost, 'process', 'processes')} alive${lost > 0 ? `, ${count(lost)} lost` : ''}`;
  return html`<${Panel} title="Workers" sub=${sub} isBusy=${live.isBusy}>
    <${Stale} live=${live} />
    <${Table}
      caption="Processes"
      columns=${WORKER_COLUMNS}
      rows=${WorkerRows({ workers })}
      empty="No process lives. Start one: until then jobs wait."
    />
  <//>`;
}
