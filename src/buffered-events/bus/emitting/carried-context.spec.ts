import { Logger } from '@nestjs/common';
import { busStages } from '../../../../test/support/event-bus-stage.js';

const { started, withSeen } = busStages();

function thrower(): never {
  throw new RangeError('mine');
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

  it.each([[{}], [{ tenant: undefined }], [{ tenant: 8 }], [undefined]])(
    'what came with an event goes on with what its handler emits, though carry() says %o there',
    async (within) => {
      let said: unknown = { tenant: 7 };
      const { bus, settled, contexts } = await withSeen({ carry: () => said });
      bus.register('outer', {
        handle: () => {
          said = within;
          return bus.emit('seen', 1);
        },
      });
      await bus.emit('outer', 1);
      await settled();
      expect(contexts.map(({ carried }) => carried)).toEqual([{ tenant: 7 }]);
    },
  );

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
