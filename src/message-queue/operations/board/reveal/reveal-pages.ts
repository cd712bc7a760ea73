import type { RevealCall, RevealedFailure, RevealedJob } from '../../../privacy/reveal/job-reveal.js';
import { html, pageOf } from '../pages/page.js';

/** Which job. */
export interface JobPlace {
  readonly queue: string;
  readonly id: string;
}

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.4rem; margin: 0 0 0.25rem; overflow-wrap: anywhere; }
  h2 { font-size: 1rem; margin: 1.5rem 0 0.25rem; }
  p { margin: 0.5rem 0; }
  label { display: block; font-weight: 600; margin-top: 1.5rem; }
  input { font: inherit; width: 24rem; max-width: 100%; box-sizing: border-box; padding: 0.4rem 0.6rem; margin: 0.25rem 0; }
  button { font: inherit; padding: 0.4rem 1.2rem; cursor: pointer; }
  pre { font: 14px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: 0.75rem; border: 1px solid #8886; border-radius: 4px; }
  .note { color: color-mix(in srgb, CanvasText 75%, Canvas); }
  .problem { border-left: 4px solid #c33; padding: 0.25rem 0.75rem; overflow-wrap: anywhere; white-space: pre-line; }
`;

/** What came of an earlier try: why the job was not shown, and what was typed. */
export interface RefusedReveal {
  readonly problem: string;
  readonly reason: string;
}

/** Asks why somebody wants to see a job. */
export function formPage({ queue, id }: JobPlace, back: string, refused?: RefusedReveal): string {
  return page(`Reveal job ${id}`, [
    head(`Reveal job ${id}`, queue, back),
    refused === undefined ? '' : `<p class="problem" role="alert">${html(refused.problem)}</p>`,
    '<form method="post">',
    '<label for="reason">Why do you need to see its content?</label>',
    `<input id="reason" name="reason" value="${html(refused?.reason ?? '')}" required maxlength="64" pattern="[a-z0-9\\-]{1,64}" aria-describedby="rule" title="Small letters, digits and hyphens" autocomplete="off" autofocus placeholder="ticket-4711">`,
    '<p class="note" id="rule">A code of small letters, digits and hyphens. It is written to the audit with your name before the job is shown.</p>',
    '<button type="submit">Reveal</button>',
    '</form>',
  ]);
}

/** Shows a job that was opened. */
export function jobPage(job: RevealedJob, { by = '', reason }: RevealCall, back: string): string {
  const { queue, id, payload, result, progress, failures } = job;
  return page(`Job ${id}`, [
    head(`${job.job} ${id}`, queue, back),
    `<p class="note">Revealed to ${html(by)} for ${html(reason)}; written to the audit. The page is kept nowhere.</p>`,
    section('Payload', payload),
    section('Result', result),
    section('Progress', progress),
    ...failures.map((failure) => section(titleOf(failure), textOf(failure))),
  ]);
}

function titleOf({ attempt, kind, at }: RevealedFailure): string {
  return `Attempt ${attempt}: ${kind}, ${new Date(at).toISOString()}`;
}

function textOf({ error, message, stack = '', fullText }: RevealedFailure): string {
  return [fullText ?? `${error}: ${message}`, stack].filter(Boolean).join('\n');
}

function section(title: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return `<h2>${html(title)}</h2>\n<pre>${html(text)}</pre>`;
}

function head(title: string, queue: string, back: string): string {
  return `<h1>${html(title)}</h1>\n<p class="note">Queue ${html(queue)} · <a href="${html(back)}">back to the board</a></p>`;
}

function page(title: string, body: readonly string[]): string {
  return pageOf({ title, style: STYLE, body: ['<main>', ...body, '</main>'] });
}
