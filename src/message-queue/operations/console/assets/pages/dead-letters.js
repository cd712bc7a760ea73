import { html, useEffect, useState } from '../vendor/htm-preact.js';
import { change, read } from '../data/api.js';
import { usePages, useLive } from '../data/live.js';
import { count, counted } from '../data/format.js';
import { isoOf, localOf, turn } from '../data/place.js';
import { Act, Link, sentenceOf, useDesk } from '../parts/desk.js';
import { When } from '../parts/figures.js';
import { Choices, Field } from '../parts/fields.js';
import { Missing, More, Panel, Stale, Table } from '../parts/panel.js';
import { GroupRows, readOf } from './overview.js';
import { Operation } from './operation.js';
import { Plan } from './plan.js';

const FIELDS = ['queue', 'job', 'error', 'from', 'to', 'cancelled', 'payload', 'group'];

/** The filter that stands in the address; what is empty is left out. */
export function filterOf(query) {
  const given = Object.fromEntries(FIELDS.filter((name) => query[name]).map((name) => [name, query[name]]));
  return given.cancelled === undefined ? given : { ...given, cancelled: given.cancelled === 'true' };
}

function Filters({ filter, jobs, onPreview, isBusy, isNone }) {
  const { overview, place, isOperator } = useDesk();
  const queues = overview.queues.map(({ queue }) => queue);
  const apply = (form) => {
    const data = new FormData(form);
    const asked = { ...Object.fromEntries(data), from: isoOf(data.get('from')), to: isoOf(data.get('to')) };
    const isSame = FIELDS.every(
      (name) => name === 'group' || (asked[name] ?? '') === (place.query[name] ?? ''),
    );
    if (!isSame) turn(place, { ...asked, group: undefined });
    return isSame ? filter : filterOf({ ...asked });
  };
  const changed = (event) => apply(event.currentTarget.form);
  const submit = (event) => {
    event.preventDefault();
    apply(event.currentTarget);
  };
  const preview = (action) => (event) => {
    if (!isNone) onPreview(action, apply(event.currentTarget.form));
  };
  return html`<form class="filters" onSubmit=${submit} aria-label="Which dead letters">
    <${Choices} label="Queue" name="queue" value=${filter.queue} choices=${queues} onChange=${changed} />
    <${Choices} label="Job" name="job" value=${filter.job} choices=${jobs} onChange=${changed} />
    <${Field} label="Error contains" name="error" value=${filter.error} size="14" onChange=${changed} />
    <${Field} label="Failed from" name="from" type="datetime-local" value=${localOf(filter.from)} onChange=${changed} />
    <${Field} label="to" name="to" type="datetime-local" value=${localOf(filter.to)} onChange=${changed} />
    <${Choices} label="Cancelled" name="cancelled" value=${place.query.cancelled} choices=${['true', 'false']} texts=${{ true: 'only', false: 'none' }} onChange=${changed} />
    <${Field} label="Payload field" name="payload" value=${filter.payload} size="13" placeholder="type = email" onChange=${changed} />
    ${filter.group && html`<button type="button" class="chip" onClick=${() => turn(place, { group: undefined })}>One kind of error only ✕</button>`}
    ${
      isOperator
        ? html`<span class="row">
            <button type="button" class="primary" aria-disabled=${isBusy || isNone} onClick=${preview('replay')}>
              Preview replay
            </button>
            <button type="button" aria-disabled=${isBusy || isNone} onClick=${preview('discard')}>
              Preview discard
            </button>
          </span>`
        : html`<button type="submit">Find</button>`
    }
  </form>`;
}

function LetterRows({ letters, after }) {
  return letters.map(({ queue, id, job, error, text, failedAt, attempts }) => {
    const retry = async () => {
      await change.retry(queue, id);
      return `${id} of ${queue} was put back to waiting.`;
    };
    return html`<tr key=${`${queue} ${id}`}>
      <th scope="row">
        <${Link} page="jobs" names=${[queue, id]} class="mono">${id}<//
        ><span class="desc">${job} · ${queue}</span>
      </th>
      <td class="l err">${error}<span class="desc" title=${text}>${text}</span></td>
      <td data-m="attempts">${count(attempts)}</td>
      <td data-m="failed"><${When} at=${failedAt} isExact /></td>
      <td class="acts">
        <${Act} label="Put ${id} of ${queue} back to waiting" run=${retry} after=${after}>Replay<//>
      </td>
    </tr>`;
  });
}

/** What the filter finds: by error, and one by one. */
function Found({ groups, letters, found, after }) {
  return html`<${Panel} title="By error" sub=${groups.data === null ? '' : readOf(groups.data)} isBusy=${groups.isBusy}>
      <${Stale} live=${groups} />
      ${
        groups.data === null
          ? html`<${Missing} live=${groups} what="dead letters" />`
          : html`<${Table}
              caption="Dead letters by error"
              columns=${['Error', '<Job', 'Letters', 'First', 'Last']}
              rows=${GroupRows({ groups: groups.data.groups, withFirst: true })}
              empty="No dead letter matches."
            />`
      }
    <//>
    <${Panel} title="Letters" sub="the newest first" isBusy=${letters.isBusy}>
      <${Stale} live=${letters} />
      ${
        letters.data === null
          ? html`<${Missing} live=${letters} what="letters" />`
          : html`<${Table}
                class="letters"
                caption="Dead letters"
                columns=${['Letter', '<Error', 'Attempts', 'Failed', '']}
                rows=${LetterRows({ letters: found, after })}
                empty="No dead letter matches."
              />
              <${More} live=${letters} />`
      }
    <//>`;
}

/** How many of all letters match: `1 letter matches`, `3 of 37 letters match`. */
function matchText(groups, all) {
  const match = groups.reduce((sum, { letters }) => sum + letters, 0);
  const of = match === all ? '' : `${count(match)} of `;
  return `${of}${counted(all, 'letter')} ${match === 1 ? 'matches' : 'match'}`;
}

export function DeadLettersPage() {
  const { place, overview, say, reload } = useDesk();
  const filter = filterOf(place.query);
  const key = JSON.stringify(filter);
  const groups = useLive((signal) => read.groups(filter, signal), `groups ${key}`);
  const letters = usePages((cursor, signal) => read.letters({ ...filter, cursor }, signal), `letters ${key}`);
  const [plan, setPlan] = useState(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => setPlan((old) => (old !== null && old.key === key ? old : null)), [key]);
  const preview = async (action, asked) => {
    if (isBusy) return;
    setBusy(true);
    try {
      const found = await change.letters(action, { filter: asked, dryRun: true });
      setPlan({ action, filter: asked, key: JSON.stringify(asked), found, at: Date.now() });
    } catch (error) {
      say('problem', sentenceOf(error));
    }
    setBusy(false);
  };
  const again = () => {
    groups.reload();
    letters.reload();
    reload();
  };
  const shown = groups.data?.groups ?? [];
  const jobs = [...new Set([...shown.map(({ job }) => job), ...(filter.job ? [filter.job] : [])])].sort();
  const clear = Object.keys(filter).length > 0 && html`<${Link} page="dead-letters">Clear the filter<//>`;
  const found = (letters.data ?? []).flatMap((answer) => answer.letters);
  const isRead = [groups, letters].every(({ data, error }) => data !== null && error === null);
  const isEmpty = isRead && shown.length + found.length === 0 && !letters.hasMore;
  const isNone = isEmpty && overview.totals.dead === 0;
  const match = groups.data === null ? '' : matchText(shown, overview.totals.dead);
  return html`
    <${Panel} title="Dead letters" sub=${isEmpty ? '' : match} more=${clear}
      ><${Filters} filter=${filter} jobs=${jobs} onPreview=${preview} isBusy=${isBusy} isNone=${isNone}
    />${isEmpty && html`<p class="empty">${isNone ? 'There are no dead letters.' : `${match}.`}</p>`}<//>
    ${place.query.operation && html`<${Operation} key=${place.query.operation} id=${place.query.operation} after=${again} />`}
    ${
      plan !== null &&
      html`<${Plan}
        key=${plan.at}
        plan=${plan}
        onAgain=${() => preview(plan.action, plan.filter)}
        onClose=${() => setPlan(null)}
        onDone=${again}
      />`
    }
    ${!isEmpty && html`<${Found} groups=${groups} letters=${letters} found=${found} after=${again} />`}
  `;
}
