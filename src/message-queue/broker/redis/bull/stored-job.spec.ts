import { readOptions } from './stored-job.js';

describe('a job as Redis stores it', () => {
  it.each([[null], [''], ['{'], ['null'], ['7'], ['"text"']])(
    'has no options when they are stored as %j',
    (stored) => {
      expect(readOptions(stored)).toEqual({});
    },
  );

  it('has the options that are stored', () => {
    expect(readOptions('{"attempts":3,"mq":{"correlationId":"c"}}')).toEqual({
      attempts: 3,
      mq: { correlationId: 'c' },
    });
  });
});
