import { html } from '../vendor/htm-preact.js';
import { read } from '../data/api.js';
import { usePages } from '../data/live.js';
import { count } from '../data/format.js';
import { When } from '../parts/figures.js';
import { Missing, More, Panel, Stale, Table } from '../parts/panel.js';

const OUTCOMES = { failed: ['■', 'up'], refused: ['■', 'up'], stopped: ['‖', 'amber'] };

function Entry({ entry }) {
  const { at, by, action, target, filter, count: some, reason, outcome, via } = entry;
  const [shape, look] = OUTCOMES[outcome] ?? ['', ''];
  return html`<tr>
    <th scope="row"><${When} at=${at} /></th>
    <td class="l">${by}<span class="desc">${via}</span></td>
    <td class="l">${action}</td>
    <td class="l wrap">${target}${filter !== null && html`<span class="desc mono wrap">${filter}</span>`}</td>
    <td>${some === null ? html`<span class="zero">–</span>` : count(some)}</td>
    <td class="l wrap">${reason ?? html`<span class="zero">–</span>`}</td>
    <td class="l ${look}">${shape !== '' && html`<span aria-hidden="true">${shape} </span>`}${outcome}</td>
  </tr>`;
}

export function AuditPage() {
  const live = usePages((cursor, signal) => read.audit({ cursor }, signal), 'audit');
  if (live.data === null)
    return html`<${Panel} title="Audit"><${Missing} live=${live} what="the audit" /><//>`;
  const entries = live.data.flatMap((answer) => answer.entries);
  return html`<${Panel}
    title="Audit"
    sub="what people changed, or tried to; the newest first"
    isBusy=${live.isBusy}
  >
    <${Stale} live=${live} />
    <${Table}
      caption="Audit"
      columns=${['At', '<Who', '<What', '<Of what', 'How many', '<Reason', '<Outcome']}
      rows=${entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}
      empty="Nobody has changed anything yet."
    />
    <${More} live=${live}>Older<//>
  <//>`;
}
