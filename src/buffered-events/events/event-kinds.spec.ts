import { checkEventHandler, checkEventOptions, checkEventType, checkPredicate } from './event-kinds.js';

describe('the arguments of calls', () => {
  it('are left alone when they are right', () => {
    for (const type of ['user.registered', 'Ünï ⌘', 'a', 'x'.repeat(255)])
      expect(() => checkEventType('emitEvent()', type)).not.toThrow();
    for (const options of [undefined, {}, { priority: 'low', correlationId: 'c' }, { priority: undefined }])
      expect(() => checkEventOptions('emitEvent()', options)).not.toThrow();
    expect(() => checkEventHandler('registerHandler()', { handle: () => 1 })).not.toThrow();
    for (const which of [undefined, () => true]) expect(() => checkPredicate('call()', which)).not.toThrow();
  });

  it('are refused together, by name, with what was meant', () => {
    const wrong = { priority: 'critcal', correlationId: '', prio: 1 };
    expect(() => checkEventOptions('emitEvent()', wrong)).toThrow(
      /^emitEvent\(\): prio is not an option.*; priority must be one of .* \(did you mean "critical"\?\); correlationId must be/,
    );
    for (const options of [null, 'low', 7, []])
      expect(() => checkEventOptions('emitEvent()', options)).toThrow(/options must be an object/);
  });

  it('are refused without a word of what may be content', () => {
    const secret = 'card 4111\u0000';
    expect(() => checkEventType('emitEvent()', secret)).toThrow(TypeError);
    expect(() => checkEventType('emitEvent()', secret)).not.toThrow(/4111/);
    const longId = { correlationId: '4111'.repeat(100) };
    expect(() => checkEventOptions('emitEvent()', longId)).not.toThrow(/4111/);
  });

  it('name the call that they are of', () => {
    for (const handler of [undefined, null, () => 1, { handle: 1 }])
      expect(() => checkEventHandler('registerHandler()', handler)).toThrow(
        /^registerHandler\(\): handler (is missing; )?must be an object with a method handle/,
      );
    expect(() => checkPredicate('replayDeadLetters()', 'all')).toThrow(
      /^replayDeadLetters\(\): which must be/,
    );
  });
});
