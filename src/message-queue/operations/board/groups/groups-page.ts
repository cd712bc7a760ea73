import type { GroupState, GroupStatus } from '../../../broker/groups-of-queue.js';
import type { Gate } from '../../../jobs/flow/group-name.js';
import type { QueueStats } from '../../../monitoring/queue-stats.js';
import { ageInWords } from '../../../../kernel/time/age-in-words.js';
import { html, pageOf } from '../pages/page.js';
import { groupRow } from './group-row.js';
import { groupsAddress, STATES } from './groups-look.js';
import type { Look } from './groups-look.js';
import { STYLE } from './groups-style.js';

/** What the page says above all: what somebody did, or why it was not done. */
export type GroupsNotice =
  | { readonly kind: 'done'; readonly about: string; readonly text: string }
  | { readonly kind: 'problem'; readonly text: string };

/** What the page shows. */
export interface GroupsView {
  /** Of the board. */
  readonly address: string;
  readonly title: string;
  readonly queue: string;
  readonly queues: readonly { readonly name: string; readonly parked: number }[];
  /** Those that the queue has. */
  readonly gates: readonly Gate[];
  /** Null when they cannot be had. */
  readonly stats: QueueStats | null;
  readonly look: Look;
  readonly groups: readonly GroupStatus[];
  readonly cursor: string | null;
  readonly now: number;
  /** Whether whoever looks may do anything. */
  readonly mayChange: boolean;
  readonly notice?: GroupsNotice;
}

const TABS: Readonly<Record<GroupState, string>> = {
  parked: 'Parked',
  holding: 'Holding',
  paused: 'Paused',
  sleeping: 'Sleeping',
};

const MEANING: Readonly<Record<GroupState, string>> = {
  parked: 'Keys that stand still for a dead letter, until somebody says what becomes of it.',
  holding: 'Groups with jobs that wait for a slot: those first that have held jobs longest.',
  paused: 'Groups that somebody paused. What runs goes on, nothing else starts.',
  sleeping: 'Groups that a rate has closed for now, and batches that wait to fill.',
};

const NONE: Readonly<Record<GroupState, string>> = {
  parked: 'No key stands still.',
  holding: 'No job waits for its group.',
  paused: 'No group is paused.',
  sleeping: 'No group sleeps.',
};

/** The page of the groups of a queue. */
export function groupsPage(view: GroupsView): string {
  const { queue } = view;
  return pageOf({
    title: `Groups of ${queue}`,
    style: STYLE,
    body: [header(view), '<main>', notice(view), panel(view), '</main>', footer(view)],
  });
}

function header({ address, title, queue, queues }: GroupsView): string {
  const tabs = queues.map(({ name, parked }) => {
    const current = name === queue ? ' aria-current="page"' : '';
    const count = parked === 0 ? '' : ` <span class="n bad" title="parked">${parked}</span>`;
    return `<a href="${html(groupsAddress(address, name))}"${current}>${html(name)}${count}</a>`;
  });
  return [
    '<header><div class="bar">',
    `<span class="brand">${html(title)}</span><span class="tag">Groups</span><span class="grow"></span>`,
    `<a href="${html(`${address}/`)}">Back to the board</a>`,
    `</div><nav aria-label="Queues">${tabs.join('')}</nav></header>`,
  ].join('\n');
}

function notice({ notice: said }: GroupsView): string {
  if (said === undefined) return '';
  if (said.kind === 'problem') {
    return `<p class="alert" role="alert"><span class="mark" aria-hidden="true">!</span><span>${html(said.text)}</span></p>`;
  }
  return `<p class="alert done" role="status"><span class="mark" aria-hidden="true">✓</span><span>The ${html(said.about)} ${html(said.text)}</span></p>`;
}

function panel(view: GroupsView): string {
  return [
    '<section class="panel">',
    `<div class="ph">${states(view)}<span class="grow"></span>${finder(view)}</div>`,
    `<p class="sub">${html('state' in view.look ? MEANING[view.look.state] : 'One group, whether or not it has jobs.')}</p>`,
    table(view),
    pages(view),
    '</section>',
  ].join('\n');
}

function states({ address, queue, stats, look }: GroupsView): string {
  const links = STATES.map((state) => {
    const current = 'state' in look && look.state === state ? ' aria-current="page"' : '';
    const count = stats?.groups[state];
    const bad = state === 'parked' && count !== 0 ? ' bad' : '';
    const shown = count === undefined ? '' : ` <span class="n${bad}">${count}</span>`;
    const href = groupsAddress(address, queue, { state, cursor: null });
    return `<a href="${html(href)}"${current}>${TABS[state]}${shown}</a>`;
  });
  return `<nav class="seg" aria-label="States">${links.join('')}</nav>`;
}

function finder({ address, queue, gates, look }: GroupsView): string {
  const chosen = 'gate' in look ? look : undefined;
  const options = gates.map((gate) => `<option${gate === chosen?.gate ? ' selected' : ''}>${gate}</option>`);
  const choice =
    gates.length === 1
      ? `<input type="hidden" name="gate" value="${gates[0] ?? ''}">`
      : `<select name="gate" aria-label="Kind of group">${options.join('')}</select>`;
  const what = gates.length === 1 ? `Find a ${gates[0] ?? 'group'}` : 'Find a group';
  return [
    `<form class="find" method="get" action="${html(groupsAddress(address, queue))}" role="search">${choice}`,
    `<input name="id" value="${html(chosen?.id ?? '')}" required maxlength="200" aria-label="${what}" placeholder="${what}" autocomplete="off" spellcheck="false">`,
    '<button type="submit">Find</button></form>',
  ].join('');
}

function table(view: GroupsView): string {
  const { groups } = view;
  if (groups.length === 0) {
    return `<p class="empty">${emptiness(view)}</p>`;
  }
  return [
    '<table><colgroup><col class="c-group"><col class="c-number"><col class="c-number"><col class="c-age"><col><col class="c-acts"></colgroup>',
    '<thead><tr><th class="l">Group</th><th>Held</th><th>Admitted</th><th>Oldest held</th><th class="l">Why</th><th><span class="hidden">Acts</span></th></tr></thead>',
    `<tbody>${groups.map((group) => groupRow(view, group)).join('\n')}</tbody>`,
    '</table>',
  ].join('\n');
}

function emptiness({ look, stats }: GroupsView): string {
  if (!('state' in look) || stats === null) return 'Nothing to show.';
  const closed = stats.groups.sleeping;
  if (look.state !== 'sleeping' || closed === 0) return NONE[look.state];
  return closed === 1
    ? 'No group sleeps. A rate of the queue, or of a job name, is closed for now.'
    : `No group sleeps. ${closed} rates of the queue, or of job names, are closed for now.`;
}

function pages({ address, queue, look, cursor }: GroupsView): string {
  if ('gate' in look) return '';
  const first = groupsAddress(address, queue, { state: look.state, cursor: null });
  const next = groupsAddress(address, queue, { state: look.state, cursor });
  const links = [
    look.cursor === null ? '' : `<a href="${html(first)}">First page</a>`,
    cursor === null ? '' : `<a href="${html(next)}" rel="next">Next page</a>`,
  ].filter((link) => link !== '');
  return links.length === 0 ? '' : `<p class="pages">${links.join('')}</p>`;
}

function footer({ stats, now }: GroupsView): string {
  if (stats === null) return '';
  const { held, oldestHeldMs } = stats;
  const oldest = oldestHeldMs === null ? '' : `, the oldest for ${ageInWords(oldestHeldMs)}`;
  const jobs = `${held} ${held === 1 ? 'job is' : 'jobs are'} held in this queue${oldest}`;
  return `<footer>${jobs} · as of ${new Date(now).toISOString().slice(0, 19).replace('T', ' ')} UTC · reload for the present</footer>`;
}
