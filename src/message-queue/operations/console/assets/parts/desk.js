import { createContext, html, useContext, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import { readings } from '../data/live.js';
import { linkFrom } from '../data/place.js';

/** What every page has at hand: the place, who looks, the overview, and how to ask and tell. */
const Desk = createContext(null);
export const DeskProvider = Desk.Provider;
export const useDesk = () => useContext(Desk);

/** A link within the console. */
export function Link({ page, names = [], query = {}, children, ...more }) {
  const { place } = useDesk();
  return html`<a href=${linkFrom(place, page, names, query)} ...${more}>${children}</a>`;
}

/** A text that only a screen reader says. */
export const Spoken = ({ children }) => html`<span class="spoken">${children}</span>`;

/**
 * Something to be changed: a button that asks if it must, does it, says how it went and has the page read again. Only operators see it.
 * @param label what it does to what, for those who do not see where it stands
 * @param question asked first: `{ title, text, confirm, reason: 'required' | 'optional' }`
 * @param run `(answer) => Promise<string>`: the sentence that is said of it
 */
export function Act({ label, question, run, after, class: look = 'act', children }) {
  const { isOperator, ask, say, reload } = useDesk();
  const [isBusy, setBusy] = useState(false);
  if (!isOperator) return null;
  const press = async () => {
    if (isBusy) return;
    const answer = question === undefined ? {} : await ask(question);
    if (answer === null) return;
    setBusy(true);
    try {
      say('done', await run(answer));
      after?.();
    } catch (error) {
      say('problem', sentenceOf(error));
    }
    setBusy(false);
    reload();
  };
  return html`<button
    type="button"
    class=${look}
    aria-label=${label}
    aria-busy=${isBusy}
    aria-disabled=${isBusy}
    onClick=${press}
  >
    ${children}
  </button>`;
}

/** What went wrong, with each field that is meant. */
export function sentenceOf(error) {
  const issues = (error.issues ?? []).map(({ path, message }) => `${path} ${message}`);
  return issues.length === 0 ? error.message : `${error.message} ${issues.join('; ')}.`;
}

/** Says how the last change went; focus comes here when what was pressed is gone. */
export function Notice({ notice, onClose }) {
  const box = useRef();
  const isAwaited = useRef(false);
  useEffect(() => {
    isAwaited.current = notice !== null;
    // What was pressed may be gone once the page has been read anew: then reading goes on here, once.
    const catchFocus = () => {
      if (!isAwaited.current || document.activeElement !== document.body) return;
      isAwaited.current = false;
      box.current?.focus({ preventScroll: true });
    };
    const soon = () => setTimeout(catchFocus);
    catchFocus();
    readings.addEventListener('read', soon);
    return () => readings.removeEventListener('read', soon);
  }, [notice]);
  return html`<div class="notices" role="status" aria-live="polite" aria-label="How the last change went">
    ${
      notice !== null &&
      html`<div class="notice ${notice.kind}" tabindex="-1" ref=${box}>
        <span class="mark" aria-hidden="true">${notice.kind === 'done' ? '✓' : '■'}</span>
        <p>${notice.kind === 'problem' && html`<${Spoken}>Failed: <//>`}${notice.text}</p>
        <button type="button" class="act" onClick=${onClose}>Close</button>
      </div>`
    }
  </div>`;
}

/** A question before a change, in a dialog of the browser's own: it keeps the focus inside and gives it back. */
export function Question({ question, onAnswer }) {
  const dialog = useRef();
  const [reason, setReason] = useState('');
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  const needs = question.reason;
  const submit = (event) => {
    event.preventDefault();
    if (needs === 'required' && reason.trim() === '') return;
    dialog.current.close();
    onAnswer({ reason: reason.trim() === '' ? undefined : reason.trim() });
  };
  const cancel = () => {
    dialog.current.close();
    onAnswer(null);
  };
  return html`<dialog
    ref=${dialog}
    aria-labelledby="question"
    onCancel=${(event) => (event.preventDefault(), cancel())}
  >
    <form onSubmit=${submit}>
      <h2 id="question">${question.title}</h2>
      <p>${question.text}</p>
      ${
        needs &&
        html`<label
          >Reason for the audit${needs === 'optional' ? ' (may be empty)' : ''}
          <input
            value=${reason}
            maxlength="200"
            required=${needs === 'required'}
            onInput=${(event) => setReason(event.currentTarget.value)}
        /></label>`
      }
      <div class="row">
        <button type="submit" class="primary ${question.isDangerous ? 'danger' : ''}">
          ${question.confirm}
        </button>
        <button type="button" onClick=${cancel}>Cancel</button>
      </div>
    </form>
  </dialog>`;
}
