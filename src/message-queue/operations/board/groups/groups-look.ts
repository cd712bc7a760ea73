import type { GroupId, GroupState } from '../../../broker/groups-of-queue.js';
import type { Gate } from '../../../jobs/flow/group-name.js';

/** The states that the page has a tab for, in the order of their urgency. */
export const STATES: readonly GroupState[] = ['parked', 'holding', 'paused', 'sleeping'];
const GATES: readonly Gate[] = ['key', 'tenant', 'batch'];

/** What part of the groups of a queue somebody looks at: a page of those in a state, or one group. */
export type Look = { readonly state: GroupState; readonly cursor: string | null } | GroupId;

/** Which page of groups a request is for: of which queue, if it says so, and what it asks. */
export interface GroupsPlace {
  readonly queue: string | null;
  readonly query: URLSearchParams;
}

/** `/groups` and `/groups/<queue>`, below the address of the board. */
const PATH = /^\/groups(?:\/([^/?#]+))?\/?(?:\?([^#]*))?(?:#.*)?$/;

/** The place of a request for groups; null for any other. @param url below the address of the board */
export function groupsPlaceOf(url: string): GroupsPlace | null {
  const found = PATH.exec(url);
  if (found === null) return null;
  const [, queue, query = ''] = found;
  try {
    return {
      queue: queue === undefined ? null : decodeURIComponent(queue),
      query: new URLSearchParams(query),
    };
  } catch {
    // No percent-encoding.
    return null;
  }
}

/** Where the groups of a queue are. @param board the address of the board */
export function groupsAddress(board: string, queue?: string, look?: Look): string {
  const page = queue === undefined ? `${board}/groups` : `${board}/groups/${encodeURIComponent(queue)}`;
  return look === undefined ? page : `${page}?${queryOf(look).toString()}`;
}

/** What a query asks for; undefined when that is left open. */
export function lookOf(query: URLSearchParams): Look | undefined {
  const gate = GATES.find((one) => one === query.get('gate'));
  if (gate !== undefined) return { gate, id: query.get('id') ?? '' };
  const state = STATES.find((one) => one === query.get('state'));
  return state === undefined ? undefined : { state, cursor: query.get('cursor') };
}

/** What asks for it. */
export function queryOf(look: Look): URLSearchParams {
  if ('gate' in look) return new URLSearchParams({ gate: look.gate, id: look.id });
  const { state, cursor } = look;
  return new URLSearchParams(cursor === null ? { state } : { state, cursor });
}
