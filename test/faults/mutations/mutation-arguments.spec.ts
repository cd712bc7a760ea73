import { mutationRequest } from './mutation-arguments.js';

const KNOWN = ['ledger', 'renewal'];

describe('the arguments of the mutations', () => {
  it('ask for all of them, for some, or for help', () => {
    expect(mutationRequest([], KNOWN)).toEqual({ kind: 'run', names: KNOWN });
    expect(mutationRequest(['--only', 'renewal'], KNOWN)).toEqual({ kind: 'run', names: ['renewal'] });
    expect(mutationRequest(['--only', 'x', '--help'], KNOWN)).toEqual({ kind: 'help' });
  });

  it.each([
    [['--only', 'other'], 'There is no mutation "other"; there are: ledger, renewal; '],
    [['--only'], '--only needs the name of a mutation; '],
    [['ledger'], '"ledger" is not known; '],
  ])('are refused when they are wrong: %j', (args, reason) => {
    expect(mutationRequest(args, KNOWN)).toEqual({
      kind: 'refused',
      reason: `${reason}\`npm run test:mutations -- --help\` tells more.`,
    });
  });
});
