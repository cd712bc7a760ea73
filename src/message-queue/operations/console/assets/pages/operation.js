import { html, useEffect, useRef } from '../vendor/htm-preact.js';
import { change, read } from '../data/api.js';
import { useLive } from '../data/live.js';
import { count } from '../data/format.js';
import { turn } from '../data/place.js';
import { Act, useDesk } from '../parts/desk.js';
import { Missing } from '../parts/panel.js';
import { didSentence } from './plan.js';

const ENDS = { done: 'Done', stopped: 'Stopped', failed: 'Failed' };

/** A change of so many letters that it goes on by itself: how far it is. It stands in the address, so that it is found again. */
export function Operation({ id, after }) {
  const { place, say } = useDesk();
  const live = useLive((signal) => read.operation(id, signal), id, 1_000);
  const operation = live.data;
  const wasRunning = useRef(true);
  const isRunning = operation === null || operation.state === 'running';
  useEffect(() => {
    if (!isRunning && wasRunning.current) {
      say(
        operation.state === 'done' ? 'done' : 'problem',
        `${ENDS[operation.state]}: ${didSentence(operation.action, operation)}`,
      );
      after();
    }
    wasRunning.current = isRunning;
  }, [isRunning]);
  const close = () => turn(place, { operation: undefined });
  if (operation === null)
    return html`<section class="plan">
      <${Missing} live=${live} what="how far it is" /><button type="button" onClick=${close}>Close</button>
    </section>`;
  const { action, moved, gone, failed, matched, by, state } = operation;
  const done = moved + gone + failed.length;
  const verb = action === 'replay' ? 'put back to waiting' : 'removed';
  const stop = async () => {
    await change.abort(id);
    return 'It stops after the batch under way. What has moved stays moved.';
  };
  return html`<section class="plan" aria-label="Change under way">
    <p>
      <b>${count(moved)} of ${count(matched)} letters ${verb}</b>, for ${by}.${' '}
      ${isRunning ? 'It goes on when you leave this page.' : `${ENDS[state]}.`}
    </p>
    ${live.error && html`<${Missing} live=${live} />`}
    <progress aria-label="Progress" max=${Math.max(matched, 1)} value=${Math.min(done, matched)}></progress>
    <div class="row">
      ${isRunning && html`<${Act} class="" label="Stop this change" run=${stop} after=${live.reload}>Stop<//>`}
      <button type="button" onClick=${close}>Close</button>
      ${(gone > 0 || failed.length > 0) && html`<span class="sub">${count(gone)} were not there any more, ${count(failed.length)} failed${failed.length > 0 ? `: ${failed[0].why}` : ''}</span>`}
    </div>
  </section>`;
}
