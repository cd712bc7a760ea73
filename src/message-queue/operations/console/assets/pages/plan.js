import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import { change } from '../data/api.js';
import { clockSeconds, count, counted, moment, span } from '../data/format.js';
import { turn } from '../data/place.js';
import { sentenceOf, useDesk } from '../parts/desk.js';

const DEFAULT_RATE = 50;
const WORDS = {
  replay: { would: 'would be put back to waiting', did: 'put back to waiting', verb: 'Replay' },
  discard: { would: 'would be removed for good', did: 'removed for good', verb: 'Discard' },
};

/** What a change of many did, in a sentence. */
export function didSentence(action, { moved, gone, failed, left = 0 }) {
  const parts = [`${counted(moved, 'letter')} ${moved === 1 ? 'was' : 'were'} ${WORDS[action].did}.`];
  if (gone > 0)
    parts.push(
      `${counted(gone, 'letter')} of the preview ${gone === 1 ? 'was' : 'were'} not there any more.`,
    );
  if (left > 0)
    parts.push(`${counted(left, 'letter')} ${left === 1 ? 'was' : 'were'} not reached: preview again.`);
  if (failed.length > 0)
    parts.push(
      `${count(failed.length)} failed: ${failed[0].id}: ${failed[0].why}${failed.length > 1 ? ' …' : ''}`,
    );
  return parts.join(' ');
}

const byName = (counts) =>
  Object.entries(counts)
    .map(([name, some]) => `${count(some)} × ${name}`)
    .join(', ');

/** What would happen, before anything does; and the button that has it happen to just these. */
export function Plan({ plan, onAgain, onClose, onDone }) {
  const { say, place, now } = useDesk();
  const { action, filter, found } = plan;
  const words = WORDS[action];
  const [reason, setReason] = useState('');
  const [perSecond, setPerSecond] = useState(String(DEFAULT_RATE));
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const heading = useRef();
  useEffect(() => heading.current?.focus(), []);
  const isEmpty = found.matched === 0;
  const apply = async (event) => {
    event.preventDefault();
    if (isBusy || isEmpty) return;
    setBusy(true);
    try {
      const answer = await change.letters(action, {
        ...{ filter, dryRun: false, until: found.until, matched: found.matched },
        reason: reason.trim() === '' ? undefined : reason.trim(),
        ...(action === 'replay' && Number(perSecond) > 0 && { perSecond: Number(perSecond) }),
      });
      if (answer.id !== undefined) turn(place, { operation: answer.id });
      else
        say(answer.failed.length + (answer.left ?? 0) > 0 ? 'problem' : 'done', didSentence(action, answer));
      onClose();
      onDone();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  const isMore = problem?.status === 409;
  const pace =
    action === 'replay' && Number(perSecond) > 0
      ? `, oldest first, at ${count(Number(perSecond))} per second (about ${span(Math.max(1_000, (found.matched / Number(perSecond)) * 1_000))})`
      : '';
  return html`<section class="plan ${action}" aria-labelledby="plan">
    <p id="plan" tabindex="-1" ref=${heading}>
      <b>${isEmpty ? 'No letter matches' : `${counted(found.matched, 'letter')} ${words.would}`}</b>
      ${filter.queue && html` in <code>${filter.queue}</code>`}${!isEmpty && pace}. Nothing has changed yet.
    </p>
    ${
      !isEmpty &&
      html`<p class="sub">
        ${byName(found.byError)}${Object.keys(found.byJob).length > 1 && `; ${byName(found.byJob)}`}${found.sample.length > 0 && `, from ${moment(found.sample[0].failedAt, now)}`}.
        Letters that fail after ${clockSeconds(found.until)} stay out.
      </p>`
    }
    ${
      problem !== null &&
      html`<p class="problem" role="alert">
        <span class="mark" aria-hidden="true">■</span>
        ${isMore ? 'More match now, and nothing has moved: preview again. ' : ''}${isMore ? '' : sentenceOf(problem)}
      </p>`
    }
    <form class="row" onSubmit=${apply}>
      ${
        isMore
          ? html`<button type="button" class="primary" onClick=${onAgain}>Preview again</button>`
          : !isEmpty &&
            html`<button
              type="submit"
              class="primary ${action === 'discard' ? 'danger' : ''}"
              aria-busy=${isBusy}
            >
              ${words.verb} ${counted(found.matched, 'letter')}
            </button>`
      }
      ${
        !isEmpty &&
        html`<label class="key"
          >Reason for the audit log
          <input
            value=${reason}
            size="30"
            maxlength="200"
            required=${action === 'discard'}
            onInput=${(event) => setReason(event.currentTarget.value)}
        /></label>`
      }
      ${
        !isEmpty &&
        action === 'replay' &&
        html`<label class="key"
          >Per second
          <input
            value=${perSecond}
            size="5"
            inputmode="numeric"
            pattern="[0-9]*"
            onInput=${(event) => setPerSecond(event.currentTarget.value)}
        /></label>`
      }
      <button type="button" onClick=${onClose}>${isEmpty ? 'Close' : 'Cancel'}</button>
    </form>
  </section>`;
}
