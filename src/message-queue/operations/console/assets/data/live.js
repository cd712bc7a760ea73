import { useEffect, useRef, useState } from '../vendor/htm-preact.js';

export const REFRESH_MS = 5_000;
/** Tells with `read` of each answer that came. */
export const readings = new EventTarget();
const TICK_MS = 500;

/** Whether somebody is busy with what is on the page: marking text to copy it, or answering a question. */
export function isHeld() {
  const marked = getSelection();
  return (
    (marked !== null && marked.type === 'Range' && marked.toString() !== '') ||
    document.querySelector('dialog[open]') !== null
  );
}

/**
 * What a question is answered with, asked again every `everyMs` while the page is visible and nobody is busy with it. The last answer stays when a
 * later one fails; `at` says when it came.
 * @param load `(signal) => Promise`
 * @param key changes when the question does
 * @param everyMs null: asked once
 */
export function useLive(load, key, everyMs = REFRESH_MS) {
  const [state, setState] = useState({ data: null, at: null, error: null, isBusy: true });
  const asking = useRef(null);
  asking.current = { load, everyMs };
  const reload = useRef(() => undefined);
  useEffect(() => {
    let isOver = false;
    let abort = new AbortController();
    let askedAt = 0;
    let isAsking = false;
    // Asking on would have the browser ask for a password every few seconds.
    let isRefused = false;
    const run = async () => {
      abort.abort();
      const mine = (abort = new AbortController());
      askedAt = Date.now();
      isAsking = true;
      setState((old) => ({ ...old, isBusy: true }));
      try {
        const data = await asking.current.load(mine.signal);
        if (mine.signal.aborted) return;
        readings.dispatchEvent(new Event('read'));
        setState({ data, at: Date.now(), error: null, isBusy: false });
      } catch (error) {
        if (mine.signal.aborted) return;
        isRefused = error.status === 401;
        setState((old) => ({ ...old, error, isBusy: false }));
      }
      isAsking = false;
    };
    const tick = () => {
      const { everyMs: every } = asking.current;
      if (isOver || isAsking || isRefused || every === null) return;
      if (document.visibilityState !== 'visible' || isHeld()) return;
      if (Date.now() - askedAt >= every) void run();
    };
    reload.current = run;
    void run();
    const timer = setInterval(tick, TICK_MS);
    document.addEventListener('visibilitychange', tick);
    return () => {
      isOver = true;
      abort.abort();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }, [key]);
  return { ...state, reload: () => reload.current() };
}

/** Lists that go on: the pages that were asked for so far, as one. @param load `(cursor, signal) => Promise<{ cursor }>` */
export function usePages(load, key, everyMs = REFRESH_MS) {
  const [more, setMore] = useState({ key, count: 1 });
  const pages = more.key === key ? more.count : 1;
  const live = useLive(
    async (signal) => {
      const answers = [];
      for (let page = 0, cursor; page < pages && cursor !== null; page++) {
        const answer = await load(cursor, signal);
        answers.push(answer);
        cursor = answer.cursor ?? null;
      }
      return answers;
    },
    `${key} ${pages}`,
    everyMs,
  );
  const last = live.data?.at(-1);
  return {
    ...live,
    hasMore: (last?.cursor ?? null) !== null,
    more: () => setMore({ key, count: pages + 1 }),
  };
}
