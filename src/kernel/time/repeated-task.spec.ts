import { ManualClock } from './manual-clock.js';
import { RepeatedTask } from './repeated-task.js';

describe('RepeatedTask', () => {
  let clock: ManualClock;
  let turns: number[];
  let began: number;
  /** Ends the turn that is under way. */
  let end: (next: number | null) => void;
  let fail: (error: Error) => void;
  let errors: unknown[];
  let task: RepeatedTask;

  beforeEach(() => {
    clock = new ManualClock();
    began = clock.now();
    turns = [];
    errors = [];
    task = new RepeatedTask({
      clock,
      turn: () => {
        turns.push(clock.now() - began);
        return new Promise((resolve, reject) => {
          end = resolve;
          fail = reject;
        });
      },
      failed: (error) => {
        errors.push(error);
        return 7;
      },
    });
  });

  /** Ends the turn under way, and lets everything happen that follows at once. */
  const ends = async (next: number | null): Promise<void> => {
    end(next);
    await clock.advance(0);
  };

  it('starts at once, and again so long after the end of a turn as the turn says', async () => {
    void task.start();
    await clock.advance(50);
    await ends(100);
    await clock.advance(99);
    expect(turns).toEqual([0]);
    await clock.advance(1);
    expect(turns).toEqual([0, 150]);
  });

  it('starts later when told so, once however often it is started', async () => {
    void task.start(30);
    void task.start();
    await clock.advance(29);
    expect(turns).toEqual([]);
    await clock.advance(1);
    expect(turns).toEqual([30]);
  });

  it('is hastened, but never delayed', async () => {
    void task.start();
    await ends(1_000);
    task.hasten(2_000);
    task.hasten(300);
    await clock.advance(300);
    expect(turns).toEqual([0, 300]);
  });

  it('takes a turn that became due during another one right after it, never beside it', async () => {
    void task.start();
    task.hasten(10);
    await clock.advance(500);
    expect(turns).toEqual([0]);
    await ends(1_000);
    expect(turns).toEqual([0, 500]);
    await ends(1_000);
    await clock.advance(1_000);
    expect(turns).toEqual([0, 500, 1_500]);
  });

  it('goes on after a turn that fails, when the failure says so', async () => {
    void task.start();
    const error = new Error('no');
    fail(error);
    await clock.advance(7);
    expect([errors, turns]).toEqual([[error], [0, 7]]);
  });

  it('stops once the turn under way has ended, tells nothing of its failure, and may start again', async () => {
    void task.start();
    let stopped = 0;
    const stopping = [task.stop(), task.stop()].map((stop) => stop.then(() => (stopped += 1)));
    await clock.advance(0);
    expect(stopped).toBe(0);
    fail(new Error('closed'));
    await Promise.all(stopping);
    task.hasten(0);
    await clock.advance(10_000);
    expect([errors, turns, clock.pendingTimers]).toEqual([[], [0], 0]);
    void task.start();
    expect(turns).toEqual([0, 10_000]);
    await ends(null);
    expect(clock.pendingTimers).toBe(0);
  });
});
