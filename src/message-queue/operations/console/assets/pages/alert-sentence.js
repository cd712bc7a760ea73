import { html } from '../vendor/htm-preact.js';
import { change } from '../data/api.js';
import { clockSeconds, counted, moment, timeOf } from '../data/format.js';
import { safeAddress } from '../data/place.js';
import { Act, Link, Spoken, useDesk } from '../parts/desk.js';
import { When } from '../parts/figures.js';

const ABOUT_LETTERS = new Set(['DeadLettersHigh', 'FailureRateHigh']);

const mutedText = (alert, now) =>
  isMuted(alert, now)
    ? ` · muted until ${moment(alert.mutedUntil, now)}${alert.mutedBy ? ` by ${alert.mutedBy}` : ''}`
    : '';

export const isMuted = ({ mutedUntil }, now) => (timeOf(mutedUntil) ?? 0) > now;

/** The buttons that silence an alert, or let it speak again. */
export function Mute({ alert, after }) {
  const { now } = useDesk();
  const about = alert.queue === null ? alert.rule : `${alert.rule} of ${alert.queue}`;
  if (isMuted(alert, now)) {
    const run = async () => {
      await change.mute(alert.id, 0);
      return `${about} is told again.`;
    };
    return html`<${Act} label="Unmute ${about}" run=${run} after=${after}>Unmute<//>`;
  }
  const run = async () => {
    const answer = await change.mute(alert.id, 60);
    const until = answer?.mutedUntil ?? now + 3_600_000;
    return `${about} is muted until ${moment(until, now)}.`;
  };
  return html`<${Act} label="Mute ${about} for 1 hour" run=${run} after=${after}>Mute 1 h<//>`;
}

/** What is wrong, since when, and what to do about it. */
function AlertSentence({ alert, after }) {
  const { now } = useDesk();
  const isFiring = alert.state === 'firing';
  const runbook = safeAddress(alert.runbook);
  const query = alert.queue === null ? {} : { queue: alert.queue };
  return html`<section
    class="alert ${isFiring && alert.severity === 'critical' ? '' : 'warn'}"
    aria-label="Alert ${alert.rule}"
  >
    <span class="mark" aria-hidden="true">${isFiring ? '■' : '▲'}</span>
    <p>
      <${Spoken}>${isFiring ? 'Firing' : 'Pending'}: <//
      ><b>${alert.rule}</b>${alert.queue !== null && ` · ${alert.queue}`} · ${alert.message}${' '}
      <span class="since">
        since <${When} at=${alert.since} />${` · ${isFiring ? told(alert) : 'pending'}${mutedText(alert, now)}`}
      </span>
    </p>
    <p class="todo">${alert.action}</p>
    <div class="acts">
      ${ABOUT_LETTERS.has(alert.rule) && html`<${Link} page="dead-letters" query=${query}>Dead letters<//>`}
      ${alert.queue !== null && html`<${Link} page="queues" names=${[alert.queue]}>Queue<//>`}
      ${runbook !== null && html`<a href=${runbook} target="_blank" rel="noreferrer">Runbook<${Spoken}> for ${alert.rule}, opens a new tab<//></a>`}
      <${Mute} alert=${alert} after=${after} />
    </div>
  </section>`;
}

const told = ({ sentTo }) => (sentTo.length === 0 ? 'notified nobody' : `notified ${sentTo.join(', ')}`);

const MOST_SENTENCES = 4;

/** Alerts as sentences; of many the worst, the others folded. */
export function AlertSentences({ alerts, after }) {
  const sentence = (alert) => html`<${AlertSentence} key=${alert.id} alert=${alert} after=${after} />`;
  const rest = alerts.slice(MOST_SENTENCES);
  return html`
    ${alerts.slice(0, MOST_SENTENCES).map(sentence)}
    ${rest.length > 0 && html`<details class="more"><summary>${counted(rest.length, 'more alert')}</summary>${rest.map(sentence)}</details>`}
  `;
}

/** No answer comes any more, or none of the broker: what is shown stands still. */
export function Away({ since, text, isAskedAgain }) {
  return html`<section class="alert" role="alert">
    <span class="mark" aria-hidden="true">■</span>
    <p><b>${text}</b> <span class="since">since ${clockSeconds(since)}</span></p>
    <p class="todo">
      Everything below is the last that was known, of ${clockSeconds(since)}.${isAskedAgain && ' It is asked again every 5 s.'}
    </p>
  </section>`;
}
