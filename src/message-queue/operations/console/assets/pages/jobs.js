import { html } from '../vendor/htm-preact.js';
import { read } from '../data/api.js';
import { usePages } from '../data/live.js';
import { count } from '../data/format.js';
import { turn } from '../data/place.js';
import { Link, useDesk } from '../parts/desk.js';
import { When } from '../parts/figures.js';
import { Choices, Field } from '../parts/fields.js';
import { Missing, More, Panel, Stale, Table } from '../parts/panel.js';

const FIELDS = ['queue', 'state', 'name', 'id', 'q'];
const STATES = ['waiting', 'active', 'delayed', 'paused', 'failed', 'completed', 'expired'];

function Filters({ query }) {
  const { overview, place } = useDesk();
  const apply = (form) => turn(place, Object.fromEntries(new FormData(form)));
  const submit = (event) => {
    event.preventDefault();
    apply(event.currentTarget);
  };
  const changed = (event) => apply(event.currentTarget.form);
  return html`<form class="filters" onSubmit=${submit} aria-label="Which jobs">
    <${Choices}
      label="Queue"
      name="queue"
      value=${query.queue}
      choices=${overview.queues.map(({ queue }) => queue)}
      onChange=${changed}
    />
    <${Choices} label="State" name="state" value=${query.state} choices=${STATES} onChange=${changed} />
    <${Field} label="Job name" name="name" value=${query.name} size="16" />
    <${Field} label="Exact id" name="id" value=${query.id} size="20" spellcheck="false" />
    <${Field} label="Payload: text, or field = value" name="q" value=${query.q} size="26" placeholder="recipientId = u-42" />
    <button type="submit" class="primary">Find</button>
  </form>`;
}

const stateWord = (state) =>
  state === 'failed' ? html`<span class="up"><span aria-hidden="true">■</span> failed</span>` : state;

function JobRow({ job }) {
  const { queue, id, state, attempts, addedAt, dueAt, startedAt, finishedAt, error } = job;
  return html`<tr>
    <th scope="row">
      <${Link} page="jobs" names=${[queue, id]} class="mono">${id}<//
      ><span class="desc">${job.job} · ${queue}</span>
    </th>
    <td class="l">
      ${stateWord(state)}${error !== null && html`<span class="desc err" title=${error}>${error}</span>`}
    </td>
    <td>${count(attempts)}</td>
    <td><${When} at=${addedAt} isExact /></td>
    <td><${When} at=${dueAt} isExact /></td>
    <td><${When} at=${startedAt} isExact /></td>
    <td><${When} at=${finishedAt} isExact /></td>
  </tr>`;
}

export function JobsPage() {
  const { place } = useDesk();
  const query = Object.fromEntries(
    FIELDS.map((name) => [name, place.query[name]?.trim()]).filter(([, value]) => value),
  );
  const key = JSON.stringify(query);
  const live = usePages(
    (cursor, signal) => read.jobs({ ...query, cursor }, signal),
    key,
    query.q ? null : undefined,
  );
  const jobs = (live.data ?? []).flatMap((answer) => answer.jobs);
  const looked = (live.data ?? []).reduce((sum, answer) => sum + answer.looked, 0);
  const of = live.data?.[0]?.of ?? 0;
  const sub =
    live.data === null
      ? ''
      : query.id
        ? 'an exact id is looked up in every queue'
        : `${count(looked)} of ${count(of)} looked at, the newest first`;
  const rows = jobs.map((job) => html`<${JobRow} key=${`${job.queue} ${job.id}`} job=${job} />`);
  const empty = live.hasMore
    ? 'None of those looked at so far matches.'
    : 'No job matches. Sealed payloads are not searched.';
  const clear = Object.keys(query).length > 0 && html`<${Link} page="jobs">Clear the filter<//>`;
  return html`<${Panel} title="Jobs" sub=${sub} more=${clear} isBusy=${live.isBusy}>
    <${Filters} query=${query} />
    <${Stale} live=${live} />
    ${
      live.data === null
        ? html`<${Missing} live=${live} what="jobs" />`
        : html`<${Table}
              caption="Jobs"
              columns=${['Job', '<State', 'Attempts', 'Added', 'Due', 'Started', 'Finished']}
              rows=${rows}
              empty=${empty}
            />
            <${More} live=${live}>${query.q ? 'Look further' : 'Show more'}<//>`
    }
  <//>`;
}
