import { html } from '../vendor/htm-preact.js';
import { ago, away, count, moment, momentInFull, timeOf } from '../data/format.js';
import { Spoken, useDesk } from './desk.js';

/** A state has a shape, a word and a colour, so that none of them is needed. */
const MARKS = {
  healthy: ['●', 'ok', 'healthy'],
  degraded: ['▲', 'warn', 'degraded'],
  unhealthy: ['■', 'bad', 'unhealthy'],
  paused: ['‖', 'off', 'paused'],
  alive: ['●', 'ok', 'alive'],
  lost: ['■', 'bad', 'lost'],
  ok: ['●', 'ok', 'ok'],
  pending: ['▲', 'warn', 'pending'],
  firing: ['■', 'bad', 'firing'],
  planned: ['●', 'ok', 'planned'],
  due: ['▲', 'warn', 'due'],
  running: ['●', 'ok', 'running'],
  ended: ['‖', 'off', 'ended'],
  dead: ['■', 'bad', 'dead'],
  'at rest': ['○', 'off', 'at rest'],
  gone: ['■', 'bad', 'gone'],
};

/** The shape of a state; its word is said, and seen where `withWord` is set. */
export function Mark({ state, withWord = false }) {
  const [shape, kind, word] = MARKS[state] ?? ['○', 'off', String(state)];
  if (withWord) {
    return html`<span class="st word ${kind}"><span class="shape" aria-hidden="true">${shape}</span> ${word}</span>`;
  }
  return html`<span class="st ${kind}" title=${word}
    ><span aria-hidden="true">${shape}</span><${Spoken}>${word} <//></span
  >`;
}

/** What a queue is seen as: paused is said first, unless it is worse than that. */
export const stateOf = ({ status, isPaused }) => (isPaused && status !== 'unhealthy' ? 'paused' : status);

/** A count; a zero steps back. */
export const Count = ({ value }) => (value === 0 ? html`<span class="zero">0</span>` : count(value));

/** A share of slots that are busy. @param isCount it is a count beside the greatest of its kind, and never too much */
export function Use({ busy, slots, isCount = false }) {
  const part = slots > 0 ? Math.min(1, busy / slots) : 0;
  const color = part > 0.9 && !isCount ? 'var(--c4)' : 'var(--c1)';
  return html`<span class="use"
    ><svg width="64" height="6" aria-hidden="true">
      <rect width="64" height="6" rx="3" fill="var(--track)" />
      <rect width=${64 * part} height="6" rx="3" fill=${color} /></svg
    ><span>${count(busy)}${!isCount && html`<span class="zero">/${count(slots)}</span>`}</span></span
  >`;
}

/** A line of what was completed, without figures. */
export function Spark({ values }) {
  const width = 92;
  const height = 20;
  const max = Math.max(...values, 1e-9);
  const last = Math.max(values.length - 1, 1);
  const points = values.map(
    (value, index) =>
      `${((index / last) * width).toFixed(1)},${(height - 1 - (value / max) * (height - 3)).toFixed(1)}`,
  );
  return html`<svg class="spark" width=${width} height=${height} aria-hidden="true">
    <polyline points=${points.join(' ')} fill="none" stroke="var(--c1)" stroke-width="1.3" />
  </svg>`;
}

/** A figure and what it is to be compared with. */
export function Tile({ name, figure, unit, look = '', children }) {
  return html`<div class="tile">
    <dt class="k">${name}</dt>
    <dd class="v ${look}">${figure}${unit && html`<small> ${unit}</small>`}</dd>
    <dd class="d">${children}</dd>
  </div>`;
}

/** A moment as a clock, with seconds where `isExact`, or as how far away it is, or ago where `isPast`; in full when it is pointed at. */
export function When({ at, isExact = false, isFar = false, isPast = false }) {
  const { now } = useDesk();
  const time = timeOf(at);
  if (time === null) return html`<span class="zero">–</span>`;
  return html`<time datetime=${new Date(time).toISOString()} title=${momentInFull(time)}
    >${isPast ? ago(time, now) : isFar ? away(time, now) : moment(time, now, isExact)}</time
  >`;
}
