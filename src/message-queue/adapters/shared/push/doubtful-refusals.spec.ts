import { DoubtfulRefusals } from './doubtful-refusals.js';

describe('refusals that may be about our settings', () => {
  it('are taken to be about five destinations, each service for itself, until something was taken', () => {
    const doubts = new DoubtfulRefusals();
    const asked = (service: string, ...devices: string[]): boolean[] =>
      devices.map((device) => doubts.isOfDestination(service, device));
    expect(asked('a', '1', '2', '3', '4', '5', '6', '5', '7')).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      true,
      false,
    ]);
    expect(asked('b', '6')).toEqual([true]);
    doubts.taken('b');
    expect(asked('a', '6')).toEqual([false]);
    doubts.taken('a');
    expect(asked('a', '6', '7', '8')).toEqual([true, true, true]);
  });
});
