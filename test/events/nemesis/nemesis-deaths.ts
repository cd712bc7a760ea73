import { Ring } from '../../../src/buffered-events/buffer/ring.js';
import { ThreadSeat } from '../../../src/buffered-events/threads/pool/thread-seat.js';

/** One claim in so many is the thread's last. */
const CLAIMS_PER_DEATH = 3_000;
/** How much later a thread's word that a run failed may come, milliseconds: after its own death, and the next owner's claim. */
const LATEST_MS = 400;
const LATE_SHARE = 0.5;

type Method = (this: unknown, ...parameters: unknown[]) => unknown;

/** @throws Error when there is no such method any more */
export function replaceMethod(
  { prototype }: { readonly prototype: object },
  name: string,
  replacement: (original: Method) => Method,
): void {
  const methods = prototype as Record<string, Method | undefined>;
  const original = methods[name];
  if (original === undefined) throw new Error(`There is no method ${name} any more.`);
  methods[name] = replacement(original);
}

/** The worst moment to die: it has claimed an event, and nothing else says so yet. In a thread. */
export function dieBetweenClaims(): void {
  replaceMethod(
    Ring,
    'take',
    (take) =>
      function (...parameters) {
        const hasWon = take.apply(this, parameters);
        if (hasWon === true && Math.random() < 1 / CLAIMS_PER_DEATH) process.exit(4);
        return hasWon;
      },
  );
}

/** A port may be slow: what a thread says of a failed run comes when somebody else has its event. In the app. */
export function hearFailuresLate(): void {
  replaceMethod(
    ThreadSeat,
    'heard',
    (heard) =>
      function (...parameters) {
        const [{ kind }] = parameters as [{ kind: string }];
        if (kind !== 'failed' || Math.random() > LATE_SHARE) return heard.apply(this, parameters);
        setTimeout(() => heard.apply(this, parameters), Math.random() * LATEST_MS);
        return undefined;
      },
  );
}
