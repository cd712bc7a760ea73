import { html } from '../vendor/htm-preact.js';
import { BOARD, change, read } from '../data/api.js';
import { useLive } from '../data/live.js';
import { count, duration, pretty } from '../data/format.js';
import { Act, Link, useDesk } from '../parts/desk.js';
import { When } from '../parts/figures.js';
import { Missing, Panel, Stale, Table } from '../parts/panel.js';

const CANCELLABLE = new Set(['waiting', 'delayed', 'active', 'paused']);

function Acts({ job, after }) {
  const { queue, id, state } = job;
  const retry = async () => {
    await change.retry(queue, id);
    return `${id} was put back to waiting.`;
  };
  const cancel = async ({ reason }) => {
    await change.cancel(queue, id, reason);
    return state === 'active' ? `${id} was told to stop.` : `${id} is cancelled.`;
  };
  const remove = async ({ reason }) => {
    await change.remove(queue, id, reason);
    return `${id} was deleted.`;
  };
  const place = `${job.job} ${id} of ${queue}`;
  const cancelling = {
    title: `Cancel ${id}?`,
    text: `${place} does not run any more; if it runs now, its handler is told to stop. It becomes a dead letter.`,
    confirm: 'Cancel the job',
    reason: 'optional',
  };
  const removing = {
    title: `Delete ${id}?`,
    text: `${place} is removed for good, with its payload and what is known of its attempts.`,
    confirm: 'Delete the job',
    reason: 'optional',
    isDangerous: true,
  };
  return html`<div class="row">
    ${state === 'failed' && html`<${Act} class="primary" label="Retry ${id}" run=${retry} after=${after}>Retry<//>`}
    ${CANCELLABLE.has(state) && html`<${Act} class="" label="Cancel job ${id}" question=${cancelling} run=${cancel} after=${after}>Cancel the job<//>`}
    ${state !== 'active' && html`<${Act} class="" label="Delete ${id}" question=${removing} run=${remove} after=${after}>Delete<//>`}
  </div>`;
}

const Fact = ({ name, children }) =>
  html`<div>
    <dt>${name}</dt>
    <dd>${children}</dd>
  </div>`;

function Runs({ runs }) {
  const rows = runs.map(
    ({ attempt, at, kind, error, text, durationMs, waitMs, worker }, index) =>
      html`<tr key=${index}>
        <th scope="row">${count(attempt)}<span class="desc">${kind}</span></th>
        <td><${When} at=${at} isExact /></td>
        <td>${duration(waitMs)}</td>
        <td>${duration(durationMs)}</td>
        <td class="l wrap">
          ${error === null ? html`<span class="zero">–</span>` : html`<b>${error}</b>`}${text !== null && html`<span class="text">${text}</span>`}
        </td>
        <td class="l mono">${worker ?? '–'}</td>
      </tr>`,
  );
  return html`<${Panel} title="Attempts" sub="the oldest first">
    <${Table}
      caption="Attempts"
      columns=${['Attempt', 'At', 'Wait', 'Run', '<Error', '<Worker']}
      rows=${rows}
      empty="It has not run yet."
    />
  <//>`;
}

/** Bull Board's page of the job, on which whoever may opens what is sealed. */
function Sealed({ job: { queue, id, state } }) {
  const says = 'It is sealed. Whoever may reveal it opens it on the board';
  if (BOARD === '') return html`<p class="empty">${says}, which is off.</p>`;
  const page = `${BOARD}/queue/${encodeURIComponent(queue)}/${encodeURIComponent(id)}?status=${state}`;
  return html`<p class="empty">${says}: <a href=${page}>Bull Board ↗</a></p>`;
}

function Content({ title, value, isSealed, job }) {
  return html`<${Panel} title=${title}>
    ${isSealed ? html`<${Sealed} job=${job} />` : html`<pre tabindex="0" aria-label=${title}>${pretty(value)}</pre>`}
  <//>`;
}

export function JobPage() {
  const { place } = useDesk();
  const [queue = '', id = ''] = place.names;
  const live = useLive((signal) => read.job(queue, id, signal), `${queue} ${id}`);
  const job = live.data;
  if (job === null)
    return html`<${Panel} title="Job ${id}" sub=${queue}><${Missing} live=${live} what="the job" /><//>`;
  return html`
    <${Panel}
      title="Job ${id}"
      id="job"
      sub=${html`${job.job} · <${Link} page="queues" names=${[queue]}>${queue}<//>`}
      more=${live.error === null && html`<${Acts} job=${job} after=${live.reload} />`}
    >
      <${Stale} live=${live} />
      ${job.cancelled !== null && html`<p class="old"><span aria-hidden="true">‖</span> Cancelled${job.cancelled.at !== null && html` at <${When} at=${job.cancelled.at} isExact />`}: ${job.cancelled.reason}</p>`}
      <dl class="facts">
        <${Fact} name="State"
          >${job.state === 'failed' ? html`<span class="up"><span aria-hidden="true">■</span> failed</span>` : job.state}<//
        >
        <${Fact} name="Attempts">${count(job.attempts)} of ${count(job.maxAttempts)}<//>
        <${Fact} name="Priority">${count(job.priority)}<//>
        <${Fact} name="Added"><${When} at=${job.addedAt} isExact /><//>
        <${Fact} name="Due"><${When} at=${job.dueAt} isExact /><//>
        <${Fact} name="Started"><${When} at=${job.startedAt} isExact /><//>
        <${Fact} name="Finished"><${When} at=${job.finishedAt} isExact /><//>
        <${Fact} name="Correlation id"><span class="mono">${job.correlationId ?? '–'}</span><//>
        ${job.progress !== null && job.progress !== 0 && html`<${Fact} name="Progress"><span class="mono">${pretty(job.progress)}</span><//>`}
      </dl>
      ${job.error !== null && html`<p class="old"><span class="up" aria-hidden="true">■</span> ${job.error}</p>`}
    <//>
    <${Runs} runs=${job.runs} />
    ${
      job.replays.length > 0 &&
      html`<${Panel} title="Replays">
        <${Table}
          caption="Replays"
          columns=${['By', 'At']}
          rows=${job.replays.map(
            ({ at, by }, index) =>
              html`<tr key=${index}>
                <th scope="row">${by}</th>
                <td><${When} at=${at} isExact /></td>
              </tr>`,
          )}
        />
      <//>`
    }
    <div class=${job.state === 'completed' ? 'two' : ''}>
      <${Content} title="Payload" value=${job.payload} isSealed=${job.isSealed} job=${job} />
      ${job.state === 'completed' && html`<${Content} title="Result" value=${job.result} isSealed=${job.isSealed && job.result === null} job=${job} />`}
    </div>
  `;
}
