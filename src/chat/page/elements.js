/** Makes an element. Text is set as text: nothing that users wrote can become markup. */
export function element(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** The time of day, for people; with the day when it is not today. */
export function timeElement(iso) {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  const text = at.toLocaleString([], { ...(!isToday && { dateStyle: 'medium' }), timeStyle: 'short' });
  return element('time', { datetime: iso, title: at.toLocaleString(), text });
}

const names = new Map();

/** Makes people known by their names. */
export function knowNames(people) {
  for (const { id, name } of people) names.set(id, name);
}

/** A user's name; of an unknown one the id, written like a name. */
export function nameOf(userId) {
  if (names.has(userId)) return names.get(userId);
  return userId.charAt(0).toUpperCase() + userId.slice(1).replaceAll('-', ' ');
}

/** Resolves after a while. */
export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
