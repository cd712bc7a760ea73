/** Makes an element. Text is set as text: nothing that users wrote can become markup. */
export function element(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** Asks the API. @throws Error with what the server says */
export async function callApi(path, body) {
  const options = body && {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error([answer.message ?? response.statusText].flat().join(', '));
  return answer;
}

/** The time of day, for people. */
export function clockTime(iso) {
  return new Date(iso).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

/** A user's id with a capital letter. */
export function nameOf(userId) {
  return userId.charAt(0).toUpperCase() + userId.slice(1);
}
