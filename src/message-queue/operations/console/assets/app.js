/** The console: the frame around its pages, what they share, and which of them is open. */
import { html, render, useEffect, useRef, useState } from './vendor/htm-preact.js';
import { BOARD, read, REST } from './data/api.js';
import { clockSeconds, count, share, timeOf } from './data/format.js';
import { isHeld, readings, REFRESH_MS, useLive } from './data/live.js';
import { DEFAULT_HOURS, HOURS, hoursOf, linkFrom, placeOf, turn } from './data/place.js';
import { DeskProvider, Notice, Question, Spoken } from './parts/desk.js';
import { Missing, Panel } from './parts/panel.js';
import { AlertsPage } from './pages/alerts.js';
import { AuditPage } from './pages/audit.js';
import { Away } from './pages/alert-sentence.js';
import { DeadLettersPage } from './pages/dead-letters.js';
import { EventsPage } from './pages/events.js';
import { JobPage } from './pages/job.js';
import { JobsPage } from './pages/jobs.js';
import { OverviewPage } from './pages/overview.js';
import { QueuePage } from './pages/queue.js';
import { SchedulesPage } from './pages/schedules.js';
import { WorkersPage } from './pages/workers.js';

/** On a page that shows other things, the frame may be older. */
const FRAME_MS = 15_000;
const AWAY = 'The broker does not answer.';
const TITLE = document.title;
const TABS = [
  ['', 'Overview'],
  ['dead-letters', 'Dead letters'],
  ['jobs', 'Jobs'],
  ['schedules', 'Schedules'],
  ['workers', 'Workers'],
  ['alerts', 'Alerts'],
  ['audit', 'Audit'],
  ['events', 'Events'],
];
const PAGES = {
  '': OverviewPage,
  'dead-letters': DeadLettersPage,
  jobs: JobsPage,
  schedules: SchedulesPage,
  workers: WorkersPage,
  alerts: AlertsPage,
  audit: AuditPage,
  events: EventsPage,
  queues: QueuePage,
};

function usePlace() {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const moved = () => setPlace(placeOf(location.hash));
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return place;
}

/** What the frame says of the server that keeps the jobs. */
function serverText({ provider, reachable, version, memoryUsedRatio }) {
  if (!reachable) return 'not reachable';
  if (provider === 'memory') return 'in memory';
  if (provider === 'sync') return 'none: adds run their jobs';
  return `Redis ${version ?? ''}${memoryUsedRatio === null ? '' : ` · ${share(memoryUsedRatio)} of memory`}`;
}

function Badge({ some, kind = '', word }) {
  return some > 0 ? html` <span class="n ${kind}">${count(some)}<${Spoken}> ${word}<//></span>` : null;
}

function Header({ place, overview }) {
  const hours = hoursOf(place);
  const firing = overview?.alerts.filter(({ state }) => state === 'firing').length ?? 0;
  const badges = {
    'dead-letters': html`<${Badge} some=${overview?.totals.dead ?? 0} word="letters" />`,
    workers: html`<${Badge} some=${overview?.totals.workers ?? 0} word="alive" />`,
    alerts: html`<${Badge} some=${firing} kind="bad" word="firing" />`,
    events: html`<${Badge} some=${overview?.events?.alerts ?? 0} kind="bad" word="wrong" />`,
  };
  // An app without a bus of events has no such tab.
  const hasEvents = (overview?.events ?? null) !== null;
  const tabs = useRef();
  // On a phone the tabs scroll, and the one that is open may be out of sight.
  useEffect(() => {
    const open = tabs.current.querySelector('[aria-current]');
    if (open !== null)
      tabs.current.scrollLeft = open.offsetLeft - (tabs.current.clientWidth - open.clientWidth) / 2;
  }, [place.page]);
  return html`<header>
    <div class="bar">
      <h1 class="brand">${overview?.title ?? TITLE}</h1>
      ${overview && html`<span class="tag">${overview.environment}</span><span class="tag opt">${serverText(overview.server)}</span>`}
      <span class="grow"></span>
      <span class="seg" role="group" aria-label="Time range">
        ${HOURS.map((some) => html`<button type="button" aria-pressed=${some === hours} onClick=${() => turn(place, { hours: some === DEFAULT_HOURS ? undefined : some })}>${some} h</button>`)}
      </span>
      ${overview && html`<span class="who"><b>${overview.operator.name}</b><span class="role"> · ${overview.operator.role}</span></span>`}
    </div>
    <nav aria-label="Console" ref=${tabs}>
      ${TABS.filter(([page]) => page !== 'events' || hasEvents).map(([page, name]) => html`<a href=${linkFrom(place, page)} aria-current=${place.page === page ? 'page' : null}>${name}${badges[page]}</a>`)}
      ${BOARD !== '' && html`<a href=${BOARD}>Bull Board ↗</a>`}
    </nav>
  </header>`;
}

function Footer() {
  const [isStill, setStill] = useState(false);
  const [at, setAt] = useState(null);
  useEffect(() => {
    const look = () => setStill(isHeld());
    const note = () => setAt(Date.now());
    document.addEventListener('selectionchange', look);
    readings.addEventListener('read', note);
    return () => {
      document.removeEventListener('selectionchange', look);
      readings.removeEventListener('read', note);
    };
  }, []);
  const how = isStill
    ? 'stands still while text is selected'
    : `every ${REFRESH_MS / 1000} s while this tab is visible`;
  const when = at === null ? 'Not read yet' : `Updated ${clockSeconds(at)}`;
  return html`<footer>${when} · ${how} · counts of all processes, at most 5 s old</footer>`;
}

/** Keeps the last overview of a server that was there: one that is away has no figures, and zeros would be lies. */
function useLastKnown(live) {
  const known = useRef(null);
  if (live.data !== null && live.error === null && live.data.server.reachable)
    known.current = { overview: live.data, at: live.at };
  const isAway = live.error !== null || live.data?.server.reachable === false;
  return { known: known.current, isAway };
}

function App() {
  const place = usePlace();
  const [notice, setNotice] = useState(null);
  const [question, setQuestion] = useState(null);
  const isOverview = place.page === '';
  const hours = hoursOf(place);
  const live = useLive(
    (signal) => read.overview(hours, signal),
    String(hours),
    isOverview ? REFRESH_MS : FRAME_MS,
  );
  const { known, isAway } = useLastKnown(live);
  const overview = known?.overview ?? live.data;
  const main = useRef();
  const wasAt = useRef(place);
  const here = `${place.page} ${place.names.join('/')}`;
  useEffect(() => {
    const before = wasAt.current;
    wasAt.current = place;
    if (`${before.page} ${before.names.join('/')}` === here) return;
    setNotice(null);
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [here]);
  const firing = overview?.alerts.filter(({ state }) => state === 'firing').length ?? 0;
  const tab = TABS.find(([page]) => page === place.page)?.[1] ?? place.names.at(-1) ?? '';
  useEffect(() => {
    document.title = `${firing > 0 ? `(${firing}) ` : ''}${tab} · ${overview?.title ?? TITLE}`;
  }, [firing, tab, overview?.title]);
  const desk = {
    ...{ place, overview, reload: live.reload },
    now:
      timeOf(overview?.at) === null
        ? Date.now()
        : timeOf(overview.at) + (Date.now() - (known?.at ?? live.at ?? Date.now())),
    isOperator: overview?.operator.role === 'operator',
    say: (kind, text) => setNotice({ kind, text }),
    ask: (asked) => new Promise((resolve) => setQuestion({ ...asked, resolve })),
    board: BOARD !== '' && html`<a href=${BOARD}>Bull Board ↗</a>`,
  };
  const Page = (place.page === 'jobs' && place.names.length === 2 && JobPage) || PAGES[place.page];
  return html`<${DeskProvider} value=${desk}>
    <a class="skip" href="#main" onClick=${(event) => (event.preventDefault(), main.current.focus())}
      >To the content</a
    >
    <${Header} place=${place} overview=${overview} />
    <main id="main" tabindex="-1" ref=${main}>
      <${Notice} notice=${notice} onClose=${() => (setNotice(null), main.current.focus())} />
      ${known !== null && isAway && html`<${Away} since=${known.at} text=${live.error?.message ?? AWAY} isAskedAgain=${live.error?.status !== 401} />`}
      ${
        overview === null || (known === null && isAway)
          ? html`<${Panel} title="Message queues"
              ><${Missing}
                live=${isAway && !live.error ? { error: { message: `${AWAY} Nothing is known yet.` } } : live}
                what="the queues"
            /><//>`
          : Page === undefined
            ? html`<${Panel} title="Nothing here"><p class="empty">The console has no such page.</p><//>`
            : html`<${Page} key=${here} />`
      }
    </main>
    <${Footer} />
    ${question !== null && html`<${Question} question=${question} onAnswer=${(answer) => (setQuestion(null), question.resolve(answer))} />`}
  <//>`;
}

const WITHOUT_REST =
  'The console shows what the REST routes answer, and operations.rest is false: set it to true or to a path.';

render(REST === '' ? html`<main><p>${WITHOUT_REST}</p></main>` : html`<${App} />`, document.body);
