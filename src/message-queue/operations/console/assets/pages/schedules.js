import { html } from '../vendor/htm-preact.js';
import { change, read } from '../data/api.js';
import { useLive } from '../data/live.js';
import { count, repeatText } from '../data/format.js';
import { Act, Link } from '../parts/desk.js';
import { Mark, When } from '../parts/figures.js';
import { Missing, Panel, Stale, Table } from '../parts/panel.js';
import { RunNow, scheduleId } from './overview.js';

function PauseSchedule({ schedule, after }) {
  const { key, queue, state } = schedule;
  if (state === 'ended' || state === 'dead') return null;
  const isPaused = state === 'paused';
  const run = async () => {
    await change.schedule(scheduleId(schedule), isPaused ? 'resume' : 'pause');
    return isPaused
      ? `${key} of ${queue} goes on.`
      : `${key} of ${queue} is paused: no run begins until it is resumed.`;
  };
  return html`<${Act} label="${isPaused ? 'Resume' : 'Pause'} ${key} of ${queue}" run=${run} after=${after}
    >${isPaused ? 'Resume' : 'Pause'}<//
  >`;
}

function ScheduleRow({ schedule, after }) {
  const { queue, key, job, repeat, state, reason, nextRunAt, lastRunAt, lastJobId, runs, isDeclared } =
    schedule;
  return html`<tr>
    <th scope="row">
      ${key}<span class="desc">${job} · <${Link} page="queues" names=${[queue]}>${queue}<//></span>
    </th>
    <td class="l">
      <${Mark}
        state=${state}
        withWord
      />${state !== 'planned' && html`<span class="desc wrap">${reason}</span>`}
    </td>
    <td class="l">
      <span class="mono">${repeatText(repeat)}</span
      ><span class="desc"
        >${repeat.tz ?? (repeat.cron ? 'UTC' : '')}${isDeclared ? '' : ' added by a call'}</span
      >
    </td>
    <td>
      ${lastRunAt !== null && lastJobId !== null ? html`<${Link} page="jobs" names=${[queue, lastJobId]}><${When} at=${lastRunAt} /><//>` : html`<${When} at=${lastRunAt} />`}
    </td>
    <td><${When} at=${nextRunAt} isFar /></td>
    <td>${count(runs)}</td>
    <td class="acts">
      <${RunNow} schedule=${schedule} after=${after} />
      <${PauseSchedule} schedule=${schedule} after=${after} />
    </td>
  </tr>`;
}

export function SchedulesPage() {
  const live = useLive((signal) => read.schedules(signal), 'schedules');
  if (live.data === null)
    return html`<${Panel} title="Schedules"><${Missing} live=${live} what="the schedules" /><//>`;
  const rows = live.data.schedules.map(
    (schedule) =>
      html`<${ScheduleRow} key=${scheduleId(schedule)} schedule=${schedule} after=${live.reload} />`,
  );
  return html`<${Panel} title="Schedules" sub="times are of your own zone" isBusy=${live.isBusy}>
    <${Stale} live=${live} />
    <${Table}
      caption="Schedules"
      columns=${['Schedule', '<State', '<When', 'Last run', 'Next', 'Runs', '']}
      rows=${rows}
      empty="There are no schedules."
    />
  <//>`;
}
