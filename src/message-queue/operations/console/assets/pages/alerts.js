import { html } from '../vendor/htm-preact.js';
import { read } from '../data/api.js';
import { useLive } from '../data/live.js';
import { count, counted, moment } from '../data/format.js';
import { safeAddress } from '../data/place.js';
import { Link, Spoken, useDesk } from '../parts/desk.js';
import { Mark, When } from '../parts/figures.js';
import { Missing, Panel, Stale, Table } from '../parts/panel.js';
import { AlertSentences, isMuted, Mute } from './alert-sentence.js';

const WORST_FIRST = ['firing', 'pending', 'ok'];

function AlertRow({ alert, after }) {
  const { now } = useDesk();
  const { rule, queue, state, severity, message, since, sentTo } = alert;
  const runbook = safeAddress(alert.runbook);
  return html`<tr>
    <th scope="row">
      ${rule}<span class="desc"
        >${queue === null ? 'all of it' : html`<${Link} page="queues" names=${[queue]}>${queue}<//>`}</span
      >
    </th>
    <td class="l"><${Mark} state=${state} withWord /><span class="desc">${severity}</span></td>
    <td class="l wrap">${message}</td>
    <td><${When} at=${since} /></td>
    <td class="l">${sentTo.length === 0 ? html`<span class="zero">–</span>` : sentTo.join(', ')}</td>
    <td class="l">
      ${isMuted(alert, now) ? `‖ until ${moment(alert.mutedUntil, now)} by ${alert.mutedBy ?? 'somebody'}` : html`<span class="zero">no</span>`}
    </td>
    <td class="acts">
      ${runbook !== null && html`<a href=${runbook} target="_blank" rel="noreferrer">Runbook<${Spoken}> for ${rule}, opens a new tab<//></a> `}<${Mute}
        alert=${alert}
        after=${after}
      />
    </td>
  </tr>`;
}

export function AlertsPage() {
  const live = useLive((signal) => read.alerts(signal), 'alerts');
  if (live.data === null)
    return html`<${Panel} title="Alerts"><${Missing} live=${live} what="the alerts" /><//>`;
  const alerts = [...live.data.alerts].sort(
    (a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state),
  );
  const busy = alerts.filter(({ state }) => state !== 'ok');
  const firing = busy.filter(({ state }) => state === 'firing').length;
  const sub = `${counted(firing, 'alert')} ${firing === 1 ? 'fires' : 'fire'}, ${count(busy.length - firing)} pending`;
  return html`
    <${AlertSentences} alerts=${busy} after=${live.reload} />
    <${Panel} title="Alerts" sub=${sub} isBusy=${live.isBusy}>
      <${Stale} live=${live} />
      <${Table}
        caption="Alerts"
        columns=${['Alert', '<State', '<What it says', 'Since', '<Told', '<Muted', '']}
        rows=${alerts.map((alert) => html`<${AlertRow} key=${alert.id} alert=${alert} after=${live.reload} />`)}
        empty="Nothing is or was wrong."
      />
    <//>
  `;
}
