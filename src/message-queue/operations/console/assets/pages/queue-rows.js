import { html } from '../vendor/htm-preact.js';
import { change } from '../data/api.js';
import { duration, rate, share, span } from '../data/format.js';
import { turn } from '../data/place.js';
import { Act, Link, useDesk } from '../parts/desk.js';
import { Count, Mark, Spark, stateOf, Use } from '../parts/figures.js';
import { Field } from '../parts/fields.js';
import { Panel, Table } from '../parts/panel.js';

const MANY = 15;
const FOLDED = 12;

/** Nothing in it, nothing wrong with it, and nothing happened: its name is enough. */
export const isIdle = (row) =>
  stateOf(row) === 'healthy' &&
  row.waiting + row.delayed + row.active + row.held + row.dead === 0 &&
  row.perMinute === 0 &&
  row.trend.every((completed) => completed === 0);

/** Pauses a queue or lets it go on. */
export function PauseAct({ row, look, after }) {
  const { queue, isPaused } = row;
  if (isPaused) {
    const run = async () => {
      await change.resume(queue);
      return `${queue} goes on.`;
    };
    return html`<${Act} class=${look} label="Resume ${queue}" run=${run} after=${after}>Resume<//>`;
  }
  const run = async () => {
    await change.pause(queue);
    return `${queue} is paused: what runs is finished, nothing new starts.`;
  };
  const question = {
    title: `Pause ${queue}?`,
    text: 'Jobs that run are finished, and nothing new starts in any process until somebody resumes it. Jobs can still be added.',
    confirm: 'Pause',
  };
  return html`<${Act} class=${look} label="Pause ${queue}" question=${question} run=${run} after=${after}
    >Pause<//
  >`;
}

function QueueRow({ row }) {
  const { queue, reasons, failureRate } = row;
  const state = stateOf(row);
  const has = (code) => reasons.some((reason) => reason.code === code);
  const isLate = has('JOBS_WAIT_LONG') || has('NO_PROGRESS');
  return html`<tr key=${queue} class=${reasons.length > 0 ? 'told' : ''}>
    <th scope="row">
      <${Mark} state=${state} /><${Link} page="queues" names=${[queue]}>${queue}<//>
      ${state !== 'healthy' && html`<span class="word ${state === 'unhealthy' ? 'up' : state === 'degraded' ? 'amber' : ''}" aria-hidden="true"> ${state}</span>`}
      <span class="desc" title=${row.description}>${row.description}</span>
    </th>
    <td data-m="waiting"><${Count} value=${row.waiting} /></td>
    <td class=${isLate ? 'amber' : ''}>
      ${row.waiting === 0 ? html`<span class="zero">–</span>` : span(row.oldestWaitingMs)}
    </td>
    <td>
      <${Count} value=${row.delayed} />${row.held > 0 && html`<span class="desc">+ ${row.held} held</span>`}
    </td>
    <td><${Use} busy=${row.busySlots} slots=${row.slots} /></td>
    <td><${Spark} values=${row.trend} /></td>
    <td data-m="/min">${row.perMinute === 0 ? html`<span class="zero">0</span>` : rate(row.perMinute)}</td>
    <td class=${has('FAILURE_RATE') ? 'up' : ''}>
      ${failureRate ? share(failureRate) : html`<span class="zero">${share(failureRate)}</span>`}
    </td>
    <td class=${has('JOBS_WAIT_LONG') ? 'amber' : ''}>${duration(row.waitMs.p95)}</td>
    <td>${duration(row.runMs.p95)}</td>
    <td>
      ${row.dead > 0 ? html`<${Link} page="dead-letters" query=${{ queue }}><${Count} value=${row.dead} /><//>` : html`<span class="zero">0</span>`}
    </td>
    <td class="acts"><${PauseAct} row=${row} /></td>
  </tr>
  ${
    reasons.length > 0 &&
    html`<tr key="why ${queue}">
      <td class="why" colspan="12">${reasons.map(({ code, message }) => html`<p key=${code + message}>${message}</p>`)}</td>
    </tr>`
  }`;
}

function Idle({ names }) {
  const list = names.map(
    (name, index) => html`${index > 0 && ', '}<${Link} page="queues" names=${[name]}>${name}<//>`,
  );
  if (names.length <= FOLDED)
    return html`<tr class="group" key=" idle">
      <td colspan="12">${names.length} idle: ${list}</td>
    </tr>`;
  return html`<tr class="group" key=" idle">
    <td colspan="12">
      <details>
        <summary>${names.length} idle</summary>
        ${list}
      </details>
    </td>
  </tr>`;
}

/** One row for each queue: the six first, then the app's own, idle ones folded. */
export function QueueRows({ queues, hours, board }) {
  const { place } = useDesk();
  const find = (place.query.find ?? '').toLowerCase();
  const found = queues.filter(({ queue }) => queue.toLowerCase().includes(find));
  const builtIn = found.filter((row) => row.isBuiltIn);
  const own = found.filter((row) => !row.isBuiltIn && (find !== '' || !isIdle(row)));
  const idle =
    find === '' ? found.filter((row) => !row.isBuiltIn && isIdle(row)).map(({ queue }) => queue) : [];
  const columns = [
    'Queue',
    'Waiting',
    'Oldest',
    'Delayed',
    'Busy',
    `Trend, ${hours} h`,
    'per min',
    'Failed',
    'Wait p95',
    'Run p95',
    'Dead',
    '',
  ];
  const rows = [
    ...builtIn.map((row) => html`<${QueueRow} key=${row.queue} row=${row} />`),
    own.length > 0 &&
      builtIn.length > 0 &&
      html`<tr class="group" key=" own">
        <td colspan="12">Queues of this app</td>
      </tr>`,
    ...own.map((row) => html`<${QueueRow} key=${row.queue} row=${row} />`),
    idle.length > 0 && html`<${Idle} key=" idle" names=${idle} />`,
  ].filter((row) => row !== false);
  const finder =
    queues.length > MANY &&
    html`<span class="find"><${Field} label="Find" type="search" value=${place.query.find} onChange=${(event) => turn(place, { find: event.currentTarget.value })} /></span>`;
  return html`<${Panel}
    title="Queues"
    sub="p95 over the last 5 min, all processes"
    more=${html`${finder}${board}`}
  >
    <${Table}
      class="queues"
      caption="Queues"
      columns=${columns}
      rows=${rows}
      empty=${find === '' ? 'This app has no queues.' : 'No queue has that in its name.'}
    />
  <//>`;
}
