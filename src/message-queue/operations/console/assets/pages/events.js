import { html } from '../vendor/htm-preact.js';
import { change, read } from '../data/api.js';
import { useLive } from '../data/live.js';
import { count, counted, duration, durationParts, rate, share } from '../data/format.js';
import { Act } from '../parts/desk.js';
import { Count, Mark, Tile, Use, When } from '../parts/figures.js';
import { Missing, Panel, Stale, Table } from '../parts/panel.js';

const LANES = [
  ['critical', 'started first'],
  ['normal', ''],
  ['low', 'started last, and never starved'],
];
const FULL = 0.8;

function AlertSentence({ alert }) {
  const { code, severity, message, since } = alert;
  const isBad = severity === 'unhealthy';
  return html`<section class="alert ${isBad ? '' : 'warn'}" aria-label=${code}>
    <span class="mark" aria-hidden="true">${isBad ? '■' : '▲'}</span>
    <p><b>${code}</b> · ${message} <span class="since">since <${When} at=${since} /></span></p>
  </section>`;
}

/** Who runs handlers, in words. */
function workText({ isEnabled, isFallback, threads }) {
  if (!isEnabled) return 'switched off: emits run handlers';
  if (isFallback) return html`<span class="amber">the app’s thread stands in</span>`;
  if (threads.wanted === 0) return 'the app’s thread does it all';
  return threads.restarts === 0 ? 'none was started again' : counted(threads.restarts, 'restart');
}

function doneText({ done, failed, refused, unhandled }) {
  const told = [
    `${counted(done, 'event')} handled`,
    `${counted(failed, 'run')} failed`,
    `${count(refused)} refused`,
    `${count(unhandled)} without a handler`,
  ];
  return `${told.join(' · ')} since its start`;
}

function Tiles({ events }) {
  const { threads, waitMs, runMs, deadLetters, utilization, memoryUsage } = events;
  const [wait, waitUnit] = durationParts(waitMs.p95);
  const isMissing = threads.live < threads.wanted;
  return html`<dl class="tiles" aria-label="Events of this process">
    <${Tile} name="Stored" figure=${count(events.size)} look=${utilization > FULL ? 'up' : ''}>
      ${share(utilization)} of places · ${share(memoryUsage)} of memory
    <//>
    <${Tile} name="Handled" figure=${rate(events.donePerSecond)} unit="/s"
      >emitted ${rate(events.inputPerSecond)} /s<//
    >
    <${Tile} name="Wait p95" figure=${wait} unit=${waitUnit}
      >p50 ${duration(waitMs.p50)} · p99 ${duration(waitMs.p99)}<//
    >
    <${Tile} name="Threads" figure=${count(threads.live)} unit="of ${count(threads.wanted)}" look=${isMissing ? 'up' : ''}
      >${workText(events)}<//
    >
    <${Tile} name="Dead letters" figure=${count(deadLetters.kept)} look=${deadLetters.kept > 0 ? 'up' : ''}>
      ${deadLetters.dropped > 0 ? html`<span class="up">${count(deadLetters.dropped)} dropped</span>` : `${count(events.retries)} retries since the start`}
    <//>
    <${Tile} name="App’s thread" figure=${rate(events.mainThreadPercent)} unit="% of a core"
      >run p95 ${duration(runMs.p95)}<//
    >
  </dl>`;
}

function laneRows({ readyInLanes, emittedInLanes }) {
  const rows = LANES.map(([lane, about]) => {
    return html`<tr key=${lane}>
      <th scope="row">${lane}${about !== '' && html`<span class="desc">${about}</span>`}</th>
      <td><${Count} value=${readyInLanes[lane]} /></td>
      <td><${Count} value=${emittedInLanes[lane]} /></td>
    </tr>`;
  });
  const beside = [
    ['app’s thread', 'handlers that run in the app, of all lanes', readyInLanes.main],
    ['suspects', 'held by a thread that died; run alone', readyInLanes.suspects],
  ];
  return [
    ...rows,
    ...beside.map(([name, about, ready]) => {
      return html`<tr key=${name}>
        <th scope="row">${name}<span class="desc">${about}</span></th>
        <td><${Count} value=${ready} /></td>
        <td><span class="zero">–</span></td>
      </tr>`;
    }),
  ];
}

function placeRows({ places }) {
  const most = Math.max(1, ...places.map(({ done }) => done));
  return places.map(({ owner, isLive, running, done, failed }) => {
    const state = isLive ? 'alive' : owner === 0 ? 'at rest' : 'gone';
    return html`<tr key=${owner}>
      <th scope="row">${owner === 0 ? 'App’s thread' : `Thread ${owner}`}</th>
      <td class="l"><${Mark} state=${state} withWord /></td>
      <td><${Count} value=${running} /></td>
      <td>${failed > 0 ? html`<span class="up">${count(failed)}</span>` : html`<span class="zero">0</span>`}</td>
      <td><${Use} busy=${done} slots=${most} isCount /></td>
    </tr>`;
  });
}

function LetterActs({ ids, what, after, isAll = false }) {
  const some = isAll ? {} : { ids };
  const replay = async () => {
    const { changed } = await change.eventLetters('replay', some);
    return `${counted(changed, 'event')} put back: handlers run again.`;
  };
  const discard = async ({ reason }) => {
    const { changed } = await change.eventLetters('discard', { ...some, reason });
    return `${counted(changed, 'event')} thrown away.`;
  };
  const question = {
    ...{ title: `Throw ${what} away?`, text: 'It is nowhere else: this cannot be taken back.' },
    ...{ confirm: 'Discard', reason: 'required', isDangerous: true },
  };
  return html`<${Act} label="Replay ${what}" run=${replay} after=${after}>${isAll ? 'Replay all' : 'Replay'}<//>${' '}<${Act}
      label="Discard ${what}"
      question=${question}
      run=${discard}
      after=${after}
      >${isAll ? 'Discard all' : 'Discard'}<//
    >`;
}

function letterRows({ letters, after }) {
  return letters.map(({ id, type, error, attempts, crashes, at }) => {
    return html`<tr key=${id}>
      <th scope="row">${type}<span class="desc mono">${id}</span></th>
      <td class="l err">${error}</td>
      <td>${count(attempts)}${crashes > 0 && html`<span class="desc">${counted(crashes, 'crash', 'crashes')}</span>`}</td>
      <td><${When} at=${at} /></td>
      <td class="acts"><${LetterActs} ids=${[id]} what=${`the event ${id}`} after=${after} /></td>
    </tr>`;
  });
}

const NONE = 'This app has no bus of events: import BufferedEventsModule.';

/** The bus of events of the process that answers. */
export function EventsPage() {
  const live = useLive((signal) => read.events(signal), 'events');
  if (live.data === null)
    return html`<${Panel} title="Events"><${Missing} live=${live} what="the events" /><//>`;
  const { process, events, deadLetters } = live.data;
  if (events === null) return html`<${Panel} title="Events"><p class="empty">${NONE}</p><//>`;
  const who = `of the process that answers, ${process.host} · pid ${process.pid}`;
  const { kept } = events.deadLetters;
  const isSome = kept > deadLetters.length;
  const sub = `${isSome ? `the newest ${count(deadLetters.length)} of ${count(kept)}` : counted(kept, 'letter')}, without their content`;
  return html`
    ${events.alerts.map((alert) => html`<${AlertSentence} key=${alert.code} alert=${alert} />`)}
    <${Panel} title="Events" sub=${who} more=${html`<${Mark} state=${events.status} withWord />`}
      ><${Stale} live=${live} /><p class="further">${doneText(events)}</p><//
    >
    <${Tiles} events=${events} />
    <div class="two">
      <${Panel} title="Threads" sub="since the start" isBusy=${live.isBusy}>
        <${Table}
          caption="Threads"
          columns=${['Thread', '<State', 'Running', 'Failed', 'Handled']}
          rows=${placeRows(events)}
          empty="No thread has run anything yet."
        />
      <//>
      <${Panel} title="Lanes" sub="ready to start now" isBusy=${live.isBusy}>
        <${Table} caption="Lanes" columns=${['Lane', 'Ready', 'Emitted']} rows=${laneRows(events)} />
      <//>
    </div>
    <${Panel}
      title="Dead letters"
      sub=${sub}
      isBusy=${live.isBusy}
      more=${kept > 0 && html`<span><${LetterActs} isAll what="all dead letters of events" after=${live.reload} /></span>`}
    >
      <${Table}
        caption="Dead letters of events"
        columns=${['Event', '<Error', 'Runs', 'Given up', '']}
        rows=${letterRows({ letters: deadLetters, after: live.reload })}
        empty="No event was given up."
      />
    <//>
  `;
}
