import type { GroupStatus } from '../../../broker/groups-of-queue.js';
import { ageInWords } from '../../../../kernel/time/age-in-words.js';
import { html } from '../pages/page.js';
import { groupsAddress } from './groups-look.js';
import type { Look } from './groups-look.js';

/** Where a row stands. */
export interface RowPlace {
  /** Of the board. */
  readonly address: string;
  readonly queue: string;
  /** What to show again when something was done. */
  readonly look: Look;
  readonly now: number;
  /** Whether whoever looks may do anything. */
  readonly mayChange: boolean;
}

/** One group: how it stands, why, and what may be done. */
export function groupRow(place: RowPlace, group: GroupStatus): string {
  const { gate, id, held, admitted, oldestHeldAt } = group;
  const alone = groupsAddress(place.address, place.queue, { gate, id });
  return [
    `<tr><td class="l"><a class="id" href="${html(alone)}">${html(id)}</a><span class="desc">${gate}${slots(group)}</span></td>`,
    `<td data-m="held">${number(held)}</td>`,
    `<td data-m="admitted">${number(admitted)}</td>`,
    `<td data-m="oldest">${oldestHeldAt === null ? '<span class="zero">–</span>' : age(place.now, oldestHeldAt)}</td>`,
    `<td class="l why">${reasons(place, group)}</td>`,
    `<td class="acts">${acts(place, group)}</td></tr>`,
  ].join('');
}

function slots({ slots: set }: GroupStatus): string {
  if (set === undefined) return '';
  return ` · ${set} ${set === 1 ? 'slot' : 'slots'}, set by hand`;
}

function reasons({ address, queue, now }: RowPlace, group: GroupStatus): string {
  const { parkedBy, paused, opensAt, held } = group;
  const lines: string[] = [];
  if (parkedBy !== undefined) {
    const { jobId, since } = parkedBy;
    const job = `${address}/queue/${encodeURIComponent(queue)}/${encodeURIComponent(jobId)}?status=failed`;
    lines.push(
      `<span class="st bad">Parked</span> for ${age(now, since)} by <a class="id" href="${html(job)}" title="dead letter">${html(jobId)}</a>`,
    );
  }
  if (paused !== undefined) {
    lines.push(
      `<span class="st warn">Paused</span> for ${age(now, paused.since)}: <span class="said">${html(paused.reason)}</span>`,
    );
  }
  if (opensAt !== undefined && opensAt > now) {
    lines.push(`<span class="st off">Sleeping</span> opens in ${ageInWords(opensAt - now)}`);
  }
  if (lines.length > 0) return lines.map((line) => `<div>${line}</div>`).join('');
  return `<span class="zero">${held > 0 ? 'Its slots are taken' : 'Nothing holds it up'}</span>`;
}

function acts(place: RowPlace, group: GroupStatus): string {
  if (!place.mayChange) return '';
  const { parkedBy, paused } = group;
  const parts: string[] = [];
  if (parkedBy !== undefined) {
    const job = hidden('job', parkedBy.jobId);
    const gone = `Job <span class="id">${html(parkedBy.jobId)}</span> is removed for good, and the next one of the key goes.`;
    parts.push(
      form(place, group, 'replay', `${job}<button class="primary">Replay</button>`),
      menu(
        'Discard',
        form(place, group, 'discard', `<p>${gone}</p>${job}<button class="danger">Discard the job</button>`),
      ),
    );
  }
  if (paused !== undefined) parts.push(form(place, group, 'resume', '<button>Resume</button>'));
  else parts.push(menu('Pause', form(place, group, 'pause', PAUSE)));
  return `<div class="row">${parts.join('')}</div>`;
}

const PAUSE =
  '<label>Why<input name="reason" required maxlength="500" autocomplete="off" placeholder="abuse report"></label>' +
  '<p>What runs goes on, nothing else of it starts.</p><button class="primary">Pause</button>';

/** Something to be said, or thought over, before it is done. */
function menu(name: string, content: string): string {
  return `<details name="act"><summary>${name}…</summary><div class="pop">${content}</div></details>`;
}

function form(
  { address, queue, look }: RowPlace,
  { gate, id }: GroupStatus,
  act: string,
  inside: string,
): string {
  const action = groupsAddress(address, queue, look);
  const fields = [hidden('act', act), hidden('gate', gate), hidden('id', id)].join('');
  return `<form method="post" action="${html(action)}">${fields}${inside}</form>`;
}

function hidden(name: string, value: string): string {
  return `<input type="hidden" name="${name}" value="${html(value)}">`;
}

function age(now: number, since: number): string {
  const at = new Date(since).toISOString();
  return `<time datetime="${at}" title="${at}">${ageInWords(now - since)}</time>`;
}

function number(count: number): string {
  return count === 0 ? '<span class="zero">0</span>' : String(count);
}
