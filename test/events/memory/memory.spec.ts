import { expectNothingGrows } from './memory.fixture.js';

it('nothing grows over 100 000 events', () => expectNothingGrows(100_000));
