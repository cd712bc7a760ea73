import { html } from '../vendor/htm-preact.js';
import { clockSeconds } from '../data/format.js';
import { sentenceOf } from './desk.js';

/** A part of a page with its heading. */
export function Panel({ title, sub, more, isBusy = false, children, id }) {
  const heading = id ?? title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return html`<section class="panel" aria-labelledby=${heading} aria-busy=${isBusy}>
    <div class="ph">
      <h2 id=${heading}>${title}</h2>
      ${sub && html`<span class="sub">${sub}</span>`}<span class="grow"></span>${more}
    </div>
    ${children}
  </section>`;
}

/**
 * A table that scrolls within its panel, never the page. `columns`: its headings; one that begins with `<` is of texts and stands left, an empty
 * one is of buttons.
 */
export function Table({ caption, columns, rows, empty, class: look = '' }) {
  if (rows.length === 0 && empty) return html`<p class="empty">${empty}</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table class=${look}>
      <caption class="spoken">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((name) =>
            name === ''
              ? html`<td></td>`
              : html`<th scope="col" class=${name.startsWith('<') ? 'l' : ''}>${name.replace('<', '')}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** What stands where an answer is still missing: that it is awaited, or why it does not come. */
export function Missing({ live, what }) {
  if (live.error)
    return html`<p class="empty bad" role="alert">
      <span aria-hidden="true">■</span> ${sentenceOf(live.error)}
    </p>`;
  return html`<p class="empty" role="status">Reading ${what} …</p>`;
}

/** Says that what stands below is not of now, and since when. */
export function Stale({ live }) {
  if (live.error === null || live.data === null) return null;
  return html`<p class="old">
    <span class="amber" aria-hidden="true">▲</span> ${sentenceOf(live.error)} Below is what was known at
    ${clockSeconds(live.at)}.
  </p>`;
}

/** The button that reads on. */
export function More({ live, children = 'Show more' }) {
  return live.hasMore
    ? html`<p class="further"><button type="button" onClick=${live.more}>${children}</button></p>`
    : null;
}
