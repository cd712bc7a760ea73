import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { didYouMean } from '../../../kernel/values/did-you-mean.js';
import { quoted } from '../../../kernel/values/words.js';

/** Types that are told apart; a host that makes types up as it goes must not fill the log, or the heap. */
const MOST_TYPES = 200;

/** Events of types that nobody handles: counted, and said once per type. */
export class UnhandledTypes {
  private readonly logger = new SafeLogger('BufferedEvents');
  private readonly told = new Set<string>();
  private total = 0;

  /** @param known names of the types that somebody handles */
  constructor(private readonly known: () => readonly string[]) {}

  get count(): number {
    return this.total;
  }

  add(type: string): void {
    this.total += 1;
    if (this.told.has(type) || this.told.size >= MOST_TYPES) return;
    this.told.add(type);
    const known = this.known();
    const hint = didYouMean(type, known) || (known.length === 0 ? ' No type has a handler.' : '');
    this.logger.warn(`Nobody handles events of type ${quoted(type)}: they are dropped.${hint}`);
    if (this.told.size === MOST_TYPES) {
      this.logger.warn(`${MOST_TYPES} types have no handler; further ones are counted and not named.`);
    }
  }
}
