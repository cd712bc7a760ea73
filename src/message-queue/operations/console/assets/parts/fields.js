import { html, useEffect, useState } from '../vendor/htm-preact.js';

/** A field of a form. What is typed stays while the page is read anew; it is `onChange` that counts. @param value that of the address */
export function Field({ label, value = '', onChange, ...more }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return html`<label
    >${label}<input ...${more} value=${text} onInput=${(event) => setText(event.currentTarget.value)} onChange=${onChange}
  /></label>`;
}

/** A field with choices; a value that is none of them is one too. @param texts what is shown of some */
export function Choices({ label, name, value = '', choices, texts = {}, any = 'any', onChange }) {
  const given = value !== '' && !choices.includes(value) ? [value, ...choices] : choices;
  return html`<label
    >${label}<select name=${name} value=${value} onChange=${onChange}>
      <option value="">${any}</option>
      ${given.map((choice) => html`<option value=${choice} selected=${choice === value}>${texts[choice] ?? choice}</option>`)}
    </select></label
  >`;
}
