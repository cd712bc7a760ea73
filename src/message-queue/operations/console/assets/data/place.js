/** Where somebody is in the console: all of it stands in the address, so that Back works and a link can be sent. */

export const DEFAULT_HOURS = 6;
export const HOURS = [1, 6, 24, 72];

/** The place that an address names: `#/queues/<name>?hours=24` → `{ page, names, query }`. */
export function placeOf(hash) {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [page = '', ...names] = path.split('/').map(decoded);
  return {
    page,
    names: names.filter((name) => name !== ''),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a place. What is empty in the query is left out. */
export function addressOf({ page, names = [], query = {} }) {
  const path = [page, ...names].map(encodeURIComponent).join('/');
  const given = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#/${path}${search === '' ? '' : `?${search}`}`;
}

/** The hours that a place asks for. */
export function hoursOf({ query }) {
  const hours = Number(query.hours);
  return HOURS.includes(hours) ? hours : DEFAULT_HOURS;
}

/** The address of another page; the hours stay as they are chosen. @param from the place where the link stands */
export function linkFrom(from, page, names = [], query = {}) {
  const hours = hoursOf(from);
  return addressOf({ page, names, query: { ...query, hours: hours === DEFAULT_HOURS ? undefined : hours } });
}

/** Goes somewhere else on the same page: what is given of the query changes, the rest stays. */
export function turn(place, changes) {
  location.hash = addressOf({ ...place, query: { ...place.query, ...changes } });
}

/** As a field of the form wants it, in the zone of whoever reads; from an ISO text. */
export function localOf(iso) {
  const time = Date.parse(iso ?? '');
  if (Number.isNaN(time)) return '';
  const shifted = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** The other way: an ISO text of what a field of the form holds. */
export function isoOf(local) {
  const time = new Date(local).getTime();
  return local === '' || Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** An address from elsewhere as a link may have it: of the web, or of this site; null for any other. */
export function safeAddress(text) {
  if (typeof text !== 'string' || text === '') return null;
  try {
    const { protocol } = new URL(text, location.href);
    return protocol === 'https:' || protocol === 'http:' ? text : null;
  } catch {
    return null;
  }
}
