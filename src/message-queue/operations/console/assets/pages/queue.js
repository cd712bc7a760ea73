import { html } from '../vendor/htm-preact.js';
import { change, read } from '../data/api.js';
import { useLive } from '../data/live.js';
import { count, counted, duration, rate, share, span } from '../data/format.js';
import { hoursOf, turn } from '../data/place.js';
import { Act, Link, useDesk } from '../parts/desk.js';
import { Mark, stateOf, Tile, Use } from '../parts/figures.js';
import { Choices } from '../parts/fields.js';
import { Missing, Panel, Stale, Table } from '../parts/panel.js';
import { ownOf, Reasons, serverReasons } from '../parts/reasons.js';
import { AlertSentences } from './alert-sentence.js';
import { ActivityCharts } from './overview.js';
import { PauseAct } from './queue-rows.js';
import { WorkerRows, WORKER_COLUMNS } from './workers.js';

const STEP_MINUTES = { 1: 1, 6: 1, 24: 5, 72: 15 };

function Purge({ queue, waiting, after }) {
  const run = async ({ reason }) => {
    const { removed } = await change.purge(queue, reason);
    return `${counted(removed, 'job')} of ${queue} ${removed === 1 ? 'was' : 'were'} removed.`;
  };
  const question = {
    title: `Purge ${queue}?`,
    text: `Every job that waits in ${queue} is removed for good, delayed ones too: ${counted(waiting, 'job')} right now. Jobs that run and dead letters stay.`,
    confirm: `Purge ${queue}`,
    reason: 'required',
    isDangerous: true,
  };
  return html`<${Act} class="" label="Purge ${queue}" question=${question} run=${run} after=${after}
    >Purge…<//
  >`;
}

function QueueTiles({ row }) {
  const { queue } = row;
  return html`<dl class="tiles" aria-label=${queue}>
    <${Tile} name="Waiting" figure=${count(row.waiting)}
      >${row.waiting > 0 ? `oldest ${span(row.oldestWaitingMs)}` : 'nobody waits'}<//
    >
    <${Tile} name="Delayed" figure=${count(row.delayed)}
      >${row.held > 0 ? `${count(row.held)} held by their group` : 'none held'}<//
    >
    <${Tile} name="Running" figure=${count(row.active)}
      ><${Use} busy=${row.busySlots} slots=${row.slots}
    /><//>
    <${Tile}
      name="Attempts failed"
      figure=${share(row.failureRate)}
      look=${row.reasons.some(({ code }) => code === 'FAILURE_RATE') ? 'up' : ''}
      >${rate(row.perMinute)} a minute, over 5 min<//
    >
    <${Tile} name="Dead letters" figure=${count(row.dead)}>
      ${row.dead > 0 ? html`<${Link} page="dead-letters" query=${{ queue }}>Filter and replay<//>` : 'none'}
    <//>
    <${Tile} name="Workers" figure=${count(row.workers)}>${counted(row.slots, 'slot')}<//>
  </dl>`;
}

function ByJob({ jobs }) {
  const rows = jobs.map(
    ({ job, perMinute, failureRate, waitMs, runMs }) =>
      html`<tr key=${job}>
        <th scope="row">${job}</th>
        <td>${rate(perMinute)}</td>
        <td>${share(failureRate)}</td>
        ${[waitMs, runMs].map(
          ({ p50, p95, p99 }) =>
            html`<td>${duration(p50)}</td>
              <td>${duration(p95)}</td>
              <td>${duration(p99)}</td>`,
        )}
      </tr>`,
  );
  const columns = ['Job', 'per min', 'Failed', 'Wait p50', 'p95', 'p99', 'Run p50', 'p95', 'p99'];
  return html`<${Panel} title="By job" sub="the last 5 min, all processes">
    <${Table} caption="By job" columns=${columns} rows=${rows} empty="Nothing ran in the last 5 minutes." />
  <//>`;
}

const Fact = ({ name, children }) =>
  html`<div>
    <dt>${name}</dt>
    <dd>${children}</dd>
  </div>`;

function Definition({ announced, row }) {
  if (announced === null) return html`<p class="empty">No process that lives has registered this queue.</p>`;
  const { concurrency, attempts, timeoutMs, maxWaiting, isSealed } = announced;
  return html`<dl class="facts">
    <${Fact} name="Jobs at once">${count(concurrency)} in each worker<//>
    <${Fact} name="Attempts">${count(attempts)}<//>
    <${Fact} name="Timeout">${duration(timeoutMs)}<//>
    <${Fact} name="May wait"
      >${maxWaiting === null ? 'any number' : `${count(maxWaiting)} (${share(row.waiting / maxWaiting)} full)`}<//
    >
    <${Fact} name="Payloads">${isSealed ? 'sealed' : 'plain'}<//>
    <${Fact} name="Job names">${announced.jobs.join(', ')}<//>
  </dl>`;
}

export function QueuePage() {
  const { place, overview, reload } = useDesk();
  const [queue = ''] = place.names;
  const hours = hoursOf(place);
  const { job } = place.query;
  const live = useLive((signal) => read.queue(queue, signal), queue);
  const historyKey = `${hours} ${job ?? ''}`;
  const history = useLive(
    (signal) => read.history(queue, { hours, stepMinutes: STEP_MINUTES[hours], job }, signal),
    historyKey,
    10_000,
  );
  if (live.data === null)
    return html`<${Panel} title=${queue}><${Missing} live=${live} what="the queue" /><//>`;
  const { announced, workers, jobs } = live.data;
  const row = ownOf(live.data.queue);
  const names = [...new Set([...(announced?.jobs ?? []), ...jobs.map((one) => one.job)])];
  const acts = html`<span class="row">
    <${Link} page="jobs" query=${{ queue }}>Jobs<//>
    <${PauseAct} row=${row} look="" after=${live.reload} /><${Purge}
      queue=${queue}
      waiting=${row.waiting + row.delayed + row.held}
      after=${live.reload}
    />
  </span>`;
  return html`
    <${AlertSentences} alerts=${overview.alerts.filter((alert) => alert.queue === queue)} after=${reload} />
    <${Reasons} reasons=${serverReasons([live.data.queue])} of=${1} />
    <${Panel} title=${queue} id="queue" sub=${row.description} more=${acts}>
      <${Stale} live=${live} />
      <p class="reasons">
        <${Mark}
          state=${stateOf(row)}
          withWord
        />${row.reasons.map(({ code, message }) => html`<span key=${code}> ${message}</span>`)}
      </p>
      <${Definition} announced=${announced} row=${row} />
    <//>
    <${QueueTiles} row=${row} />
    ${names.length > 1 && html`<form class="filters bare"><${Choices} label="Charts of the job" name="job" value=${job} choices=${names} any="all jobs" onChange=${(event) => turn(place, { job: event.currentTarget.value })} /></form>`}
    <${Stale} live=${history} />
    ${
      history.data === null
        ? html`<${Panel} title="History"><${Missing} live=${history} what="the history" /><//>`
        : html`<${ActivityCharts}
            key=${`${history.data.step} ${history.data.job}`}
            history=${history.data}
            deploys=${history.data.deploys}
            sub=${job ?? queue}
          />`
    }
    <${ByJob} jobs=${jobs} />
    <${Panel} title="Workers of this queue">
      <${Table}
        caption="Workers of this queue"
        columns=${WORKER_COLUMNS}
        rows=${WorkerRows({ workers, queue })}
        empty="No process works on this queue."
      />
    <//>
  `;
}
