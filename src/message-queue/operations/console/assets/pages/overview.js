import { html } from '../vendor/htm-preact.js';
import { change } from '../data/api.js';
import {
  count,
  counted,
  duration,
  durationParts,
  rate,
  repeatText,
  shareFigure,
  share,
  span,
} from '../data/format.js';
import { Act, Link, useDesk } from '../parts/desk.js';
import { Chart } from '../parts/chart.js';
import { Mark, Tile, When } from '../parts/figures.js';
import { Panel, Table } from '../parts/panel.js';
import { ownOf, Reasons, serverReasons } from '../parts/reasons.js';
import { AlertSentences } from './alert-sentence.js';
import { QueueRows } from './queue-rows.js';

const FEW = 5;

function Growth({ perMinute }) {
  if (Math.abs(perMinute) < 0.5) return 'steady';
  return html`<span class=${perMinute > 0 ? 'amber' : ''}
    >${perMinute > 0 ? '+' : '−'} ${rate(Math.abs(perMinute))}/min</span
  >`;
}

function Tiles({ totals }) {
  const { waitingPerMinute: growth, failureRate, usualFailureRate: usual, runMs } = totals;
  const [run, runUnit] = durationParts(runMs.p95);
  const isBad = failureRate !== null && failureRate > 0.01 && failureRate > 2 * (usual ?? 0);
  const before = totals.completedPerSecondHourAgo;
  return html`<dl class="tiles" aria-label="All queues">
    <${Tile} name="Waiting" figure=${count(totals.waiting)}>
      ${totals.waiting === 0 ? 'nothing waits' : html`<${Growth} perMinute=${growth} /> · oldest ${span(totals.oldestWaitingMs)}`}
    <//>
    <${Tile} name="Completed" figure=${rate(totals.completedPerSecond)} unit="/s">
      ${before === null ? '1 h ago: not known' : `1 h ago ${rate(before)} /s`}
    <//>
    <${Tile}
      name="Attempts failed"
      figure=${shareFigure(failureRate)}
      unit=${failureRate === null ? '' : '%'}
      look=${isBad ? 'up' : ''}
    >
      ${failureRate === null ? 'none in 5 min · ' : ''}usual ${share(usual)}
    <//>
    <${Tile} name="Run time p95" figure=${run} unit=${runUnit}
      >p50 ${duration(runMs.p50)} · p99 ${duration(runMs.p99)}<//
    >
    <${Tile} name="Dead letters" figure=${count(totals.dead)}>
      ${totals.newDead > 0 ? html`<span class="up">+ ${count(totals.newDead)}</span> in the last hour` : 'none new in the last hour'}
    <//>
    <${Tile}
      name="Workers"
      figure=${count(totals.workers)}
      unit=${totals.utilization === null ? '' : `· ${share(totals.utilization)} busy`}
    >
      ${totals.producers > 0 ? `${count(totals.producers)} only add` : 'all of them run jobs'}
      ${totals.lost > 0 && html` · <span class="up">${count(totals.lost)} lost</span>`}
    <//>
  </dl>`;
}

/** Lines of what was done and how long it took, alike for one queue and for all. */
export function ActivityCharts({ history, deploys, sub }) {
  const { step, points } = history;
  const seconds = step * 60;
  const last = points.at(-1);
  const most = points.reduce((max, { completed }) => Math.max(max, completed), 0);
  const perSecond = (value) => (value === null || value === undefined ? '' : `${rate(value)}`);
  const done = [
    { name: 'completed', color: '--c1', isFilled: true, of: ({ completed }) => completed / seconds },
    { name: 'failed attempts', color: '--c2', isFilled: true, of: ({ failed }) => failed / seconds },
  ];
  const long = [
    { name: 'wait', color: '--c4', of: ({ waitMs }) => waitMs.p95 },
    { name: 'run', color: '--c3', of: ({ runMs }) => runMs.p95 },
  ];
  return html`<div class="two">
    <${Chart}
      title="Throughput"
      sub="jobs per second"
      points=${points}
      lines=${done}
      unit=${perSecond}
      marks=${deploys}
      summary="Completed at the end ${rate((last?.completed ?? 0) / seconds)} a second, at most ${rate(most / seconds)}."
    />
    <${Chart}
      title="Latency, 95th percentile"
      sub=${sub}
      points=${points}
      lines=${long}
      marks=${deploys}
      unit=${(value) => (value === 0 ? '0' : value === null || value === undefined ? '' : duration(value))}
      summary="At the end: wait ${duration(last?.waitMs.p95)}, run ${duration(last?.runMs.p95)}."
    />
  </div>`;
}

/** Dead letters that are alike, as one row. */
export function GroupRows({ groups, withFirst = false }) {
  return groups.map(
    (group) =>
      html`<tr key=${group.key}>
        <th scope="row" class="err">
          <${Link} page="dead-letters" query=${{ queue: group.queue, group: group.key }}>${group.error}<//>
          <span class="desc" title=${group.text}>${group.text}</span>
        </th>
        <td class="l">${group.job}<span class="desc">${group.queue}</span></td>
        <td>${count(group.letters)}</td>
        ${withFirst && html`<td><${When} at=${group.firstAt} /></td>`}
        <td><${When} at=${group.lastAt} /></td>
      </tr>`,
  );
}

/** What groups were made from: `all 37 read`, or how many of how many. */
export const readOf = ({ looked, of }) =>
  looked >= of
    ? of === 0
      ? ''
      : `${of === 1 ? '' : 'all '}${count(of)} read`
    : `the newest ${count(looked)} of ${count(of)} read`;

/** Has a schedule run once more, now. */
export function RunNow({ schedule, after }) {
  const run = async () => {
    await change.schedule(scheduleId(schedule), 'run');
    return `${schedule.key} was added to ${schedule.queue} for now; its plan stays.`;
  };
  return html`<${Act} label="Run ${schedule.key} of ${schedule.queue} now" run=${run} after=${after}
    >Run now<//
  >`;
}

export const scheduleId = ({ queue, key }) => `${queue}|${key}`;

function NextSchedules({ schedules }) {
  const soon = [...schedules]
    .sort((a, b) => (a.nextRunAt ?? '9').localeCompare(b.nextRunAt ?? '9'))
    .slice(0, FEW);
  const rows = soon.map(
    (schedule) =>
      html`<tr key=${scheduleId(schedule)}>
        <th scope="row">
          <${Link} page="schedules">${schedule.key}<//><span class="desc">${schedule.queue}</span>
        </th>
        <td class="l mono">${repeatText(schedule.repeat)}</td>
        <td><${When} at=${schedule.lastRunAt} isPast /></td>
        <td>
          ${schedule.nextRunAt === null || schedule.state !== 'planned' ? html`<${Mark} state=${schedule.state} withWord />` : html`<${When} at=${schedule.nextRunAt} isFar />`}
        </td>
        <td class="acts"><${RunNow} schedule=${schedule} /></td>
      </tr>`,
  );
  const all = schedules.length > 0 && html`<${Link} page="schedules">All ${schedules.length}<//>`;
  return html`<${Panel} title="Schedules" sub="the next ones" more=${all}>
    <${Table}
      class="brief"
      caption="The next schedules"
      columns=${['Schedule', '<When', 'Last run', 'Next', '']}
      rows=${rows}
      empty="There are no schedules."
    />
  <//>`;
}

export function OverviewPage() {
  const { overview, board, reload } = useDesk();
  const { alerts, totals, history, deploys, queues, hours, deadLetters, schedules, reasons } = overview;
  const { groups } = deadLetters;
  return html`
    <${AlertSentences} alerts=${alerts} after=${reload} />
    <${Reasons} reasons=${[...serverReasons(queues), ...reasons]} of=${queues.length} />
    <${Tiles} totals=${totals} />
    <${ActivityCharts} key=${hours} history=${history} deploys=${deploys} sub="all queues" />
    <${QueueRows} queues=${queues.map(ownOf)} hours=${hours} board=${board} />
    <div class="two">
      <${Panel}
        title="Dead letters by error"
        sub=${readOf(deadLetters)}
        more=${html`<${Link} page="dead-letters">Filter and replay<//>`}
      >
        <${Table}
          class="brief"
          caption="Dead letters by error"
          columns=${['Error', '<Job', 'Letters', 'Last']}
          rows=${GroupRows({ groups: groups.slice(0, FEW) })}
          empty="There is none."
        />
        ${groups.length > FEW && html`<p class="further"><${Link} page="dead-letters">${counted(groups.length - FEW, 'more kind')}<//></p>`}
      <//>
      <${NextSchedules} schedules=${schedules} />
    </div>
  `;
}
