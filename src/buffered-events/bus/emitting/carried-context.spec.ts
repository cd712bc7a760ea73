import { Logger } from '@nestjs/common';
import { BusStage } from '../../../../test/support/event-bus-stage.js';
import type { EventBusSettings } from '../../configuration/event-bus-settings.js';
import type { EventContext } from '../../events/event-words.js';

let stages: BusStage[] = [];

async function started(given: Partial<EventBusSettings> = {}): Promise<BusStage> {
  const stage = new BusStage(given);
  stages.push(stage);
  await stage.bus.initialize();
  return stage;
}

afterEach(async () => {
  const ended = stages.map((stage) => stage.end());
  stages = [];
  await Promise.all(ended);
});

function thrower(): never {
  throw new RangeError('mine');
}

async function withSeen(
  given: Partial<EventBusSettings> = {},
): Promise<{ bus: BusStage['bus']; settled: () => Promise<unknown[]>; contexts: EventContext[] }> {
  const stage = await started(given);
  const seen: unknown[] = [];
  const contexts: EventContext[] = [];
  stage.bus.register('seen', {
    handle: ({ payload }, context) => {
      seen.push(payload);
      contexts.push(context);
    },
  });
  const settled = async (): Promise<unknown[]> => {
    await stage.settled();
    return seen;
  };
  return { bus: stage.bus, settled, contexts };
}

describe('the correlation id', () => {
  it('is the option, else that of the event being handled, else what the host says, else the id', async () => {
    let said: unknown = 'of the host';
    const stage = await started({ correlationId: () => said as string });
    const { bus } = stage;
    const ids: string[] = [];
    bus.register('seen', { handle: (_, { correlationId }) => void ids.push(correlationId) });
    bus.register('outer', { handle: () => bus.emit('seen', 1) });
    await bus.emit('seen', 1, { correlationId: 'option' });
    await bus.emit('seen', 1);
    await bus.emit('outer', 1, { correlationId: 'of the outer' });
    await stage.settled();
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    said = undefined;
    const id = await bus.emit('seen', 1);
    said = { no: 'id' };
    const second = await bus.emit('seen', 1);
    await stage.settled();
    expect(ids).toEqual(['option', 'of the host', 'of the outer', id, second]);
    expect(error).toHaveBeenCalledTimes(1);
    error.mockRestore();
  });

  it('and what the host carries travel along; code of the host that fails costs no event', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    let carry: () => unknown = () => ({ tenant: 7 });
    const { bus, settled, contexts } = await withSeen({ carry: () => carry() });
    await bus.emit('seen', 1);
    carry = thrower;
    await bus.emit('seen', 2);
    carry = () => ({ big: 1n });
    await bus.emit('seen', 3);
    carry = () => 'x'.repeat(10_000);
    await bus.emit('seen', 4);
    expect(await settled()).toEqual([1, 2, 3, 4]);
    expect(contexts.map(({ carried }) => carried)).toEqual([{ tenant: 7 }, undefined, undefined, undefined]);
    error.mockRestore();
  });
});
