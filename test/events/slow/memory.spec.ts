import { expectNothingGrows } from '../memory/memory.fixture.js';

const DEADLINE_MS = 20 * 60_000;

it('nothing grows over two million events', () => expectNothingGrows(2_000_000, DEADLINE_MS), DEADLINE_MS);
