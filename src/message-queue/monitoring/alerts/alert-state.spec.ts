import type { StoredAlert } from '../../broker/activity-store.js';
import type { AlertLimits } from './alert-rule.js';
import { calmAlert, endedAlert, isMuted, movedAlert } from './alert-state.js';

const LIMITS: AlertLimits = {
  severity: 'warning',
  above: 1_000,
  forMs: 300_000,
  clear: 800,
  clearForMs: 120_000,
};
const HOUR_MS = 3_600_000;

/** An alert that is judged at one time after another, by seconds since the begin. */
class Story {
  alert = calmAlert('QueueDepthHigh', 'chat', 0);

  constructor(private readonly limits = { ...LIMITS }) {}

  at(seconds: number, value: number): StoredAlert {
    const reading = { value, message: `${value} jobs wait.` };
    const judgement = { limits: this.limits, reading, at: seconds * 1_000, repeatMs: 4 * HOUR_MS };
    this.alert = movedAlert(this.alert, judgement) ?? this.alert;
    return this.alert;
  }

  /** Everybody is told. */
  tell(seconds: number): this {
    const sentAt = this.alert.sentTo.length === 0 ? seconds * 1_000 : this.alert.sentAt;
    this.alert = { ...this.alert, toSend: null, sentTo: ['log'], sentAt, version: this.alert.version + 1 };
    return this;
  }
}

describe('an alert', () => {
  it('fires once it was too high for long enough, and is over once it was well for long enough', () => {
    const story = new Story();
    expect(story.at(0, 1_000)).toMatchObject({ state: 'ok', version: 0 });
    expect(story.at(15, 1_001)).toMatchObject({
      state: 'pending',
      since: 15_000,
      incident: null,
      toSend: null,
    });
    expect(story.at(314, 1_200)).toMatchObject({ state: 'pending', message: '1200 jobs wait.' });
    const fired = story.at(315, 1_300);
    expect(fired).toMatchObject({ state: 'firing', toSend: 'firing', firedAt: 315_000, value: 1_300 });
    story.tell(315);
    expect(story.at(330, 799)).toMatchObject({ state: 'firing', clearSince: 330_000 });
    expect(story.at(449, 10)).toMatchObject({ state: 'firing' });
    expect(story.at(450, 0)).toMatchObject({
      ...{ state: 'ok', toSend: 'resolved', incident: fired.incident, firedAt: 315_000, since: 450_000 },
      // What was wrong, not that nothing is.
      message: '1300 jobs wait.',
    });
  });

  it('does not flap: a value that swings around its limit is one incident', () => {
    const story = new Story();
    story.at(0, 2_000);
    const { incident } = story.at(300, 2_000);
    story.tell(300);
    const versions = new Set<number>();
    for (let second = 315; second < 3_000; second += 15) {
      const { state, toSend, version } = story.at(second, second % 60 === 0 ? 1_200 : 790);
      expect([state, toSend]).toEqual(['firing', null]);
      versions.add(version);
    }
    expect(story.alert.incident).toBe(incident);
    // Neither is it well between its two limits.
    story.at(3_000, 900);
    expect(story.at(9_000, 900)).toMatchObject({ state: 'firing', clearSince: null });
  });

  it('that never fired was nobody’s business', () => {
    const story = new Story();
    story.at(0, 2_000);
    expect(story.at(290, 10)).toMatchObject({ state: 'ok', incident: null, toSend: null });
    // From the begin again.
    story.at(300, 2_000);
    expect(story.at(305, 2_000).state).toBe('pending');
  });

  it('fires at once where it need not last, and clears at 0 where nothing is below', () => {
    const story = new Story({ ...LIMITS, above: 0, clear: 0, forMs: 0 });
    expect(story.at(0, 1).state).toBe('firing');
    story.tell(0).at(15, 0);
    expect(story.at(135, 0)).toMatchObject({ state: 'ok', toSend: 'resolved' });
  });

  it('is told again after hours, as a reminder with the same id', () => {
    const story = new Story();
    story.at(0, 2_000);
    const { incident } = story.at(300, 2_000);
    story.tell(300);
    expect(story.at(300 + 4 * 3_600 - 1, 2_000).toSend).toBeNull();
    expect(story.at(300 + 4 * 3_600, 2_000)).toMatchObject({ toSend: 'firing', reminders: 1, incident });
    // Nobody was told yet: it is not another one.
    expect(story.at(315 + 4 * 3_600, 2_000).reminders).toBe(1);
    story.tell(330 + 4 * 3_600);
    expect(story.at(330 + 8 * 3_600, 2_000)).toMatchObject({ toSend: 'firing', reminders: 2, incident });
  });

  it('that nobody was told of ends without a word', () => {
    const story = new Story();
    story.at(0, 2_000);
    story.at(300, 2_000);
    story.at(315, 0);
    expect(story.at(435, 0)).toMatchObject({ state: 'ok', toSend: null });
  });

  it('that fires again before its end was told is the same incident', () => {
    const story = new Story();
    story.at(0, 2_000);
    const { incident } = story.at(300, 2_000);
    story.tell(300).at(315, 0);
    story.at(435, 0);
    story.at(450, 2_000);
    expect(story.at(750, 2_000)).toMatchObject({ state: 'firing', toSend: null, incident, firedAt: 300_000 });
    story.at(765, 0);
    expect(story.at(885, 0)).toMatchObject({ toSend: 'resolved', incident });
    // Told, the next one is new.
    story.tell(885).at(900, 2_000);
    expect(story.at(1_200, 2_000).incident).not.toBe(incident);
  });

  it('that fires again is told again to those who heard of its end, whoever else has not', () => {
    const story = new Story({ ...LIMITS, forMs: 0 });
    const { incident } = story.at(0, 2_000);
    story.tell(0).at(15, 0);
    story.at(135, 0);
    // The log was told of the end, and the webhook does not answer.
    story.alert = { ...story.alert, sentTo: ['log'] };
    const again = story.at(150, 2_000);
    expect(again).toMatchObject({
      state: 'firing',
      toSend: 'firing',
      sentTo: [],
      sentAt: null,
      reminders: 0,
    });
    expect(again.incident).not.toBe(incident);
  });

  it('whose rule is gone is over, and not before it fired', () => {
    const story = new Story();
    story.at(0, 2_000);
    expect(endedAlert(story.alert, 1)).toBeNull();
    story.at(300, 2_000);
    story.tell(300);
    expect(endedAlert(story.alert, 301_000)).toMatchObject({ state: 'ok', toSend: 'resolved' });
  });

  it('is not moved by clocks that go back', () => {
    const story = new Story();
    story.at(1_000, 2_000);
    expect(story.at(10, 2_000).state).toBe('pending');
    expect(story.at(1_300, 2_000).state).toBe('firing');
  });

  it('is muted until then', () => {
    const muted = { ...calmAlert('NoWorker', 'chat', 0), mutedUntil: 1_000, mutedBy: 'ann' };
    expect([
      isMuted(muted, 999),
      isMuted(muted, 1_000),
      isMuted(calmAlert('NoWorker', 'chat', 0), 0),
    ]).toEqual([true, false, false]);
  });

  it('is written only when something of it has changed', () => {
    const story = new Story();
    story.at(0, 2_000);
    const { version } = story.at(15, 2_000);
    expect(story.at(30, 2_000).version).toBe(version);
    expect(version).toBe(1);
  });
});
