import { isIPv6 } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { AuditChain } from '../../message-queue/operations/index.js';
import { AuditAction, Clock } from '../../message-queue/ports/index.js';

const WRONG_ONES = 5;
const WITHIN_MS = 60_000;

interface Attempts {
  /** When those began that were wrong, or are not decided yet. */
  readonly at: readonly number[];
  readonly isTold: boolean;
}

/**
 * Five wrong sign-ins a minute per name and address. Attempts count from their beginning, so that many at once are no way around it. What is kept
 * is bounded by how many passwords can be checked in a minute.
 */
@Injectable()
export class SignInThrottle {
  private readonly logger = new Logger('SignIn');
  private readonly attempts = new Map<string, Attempts>();

  constructor(
    @Inject(Clock) private readonly clock: Pick<Clock, 'now'>,
    @Inject(AuditChain) private readonly audit: Pick<AuditChain, 'append' | 'target'>,
  ) {}

  /** Begins an attempt. @returns 0, or in how many seconds the next may begin */
  begin(name: string, address: string): number {
    const now = this.clock.now();
    this.forgetBefore(now - WITHIN_MS);
    const key = keyOf(name, address);
    const { at, isTold } = this.attempts.get(key) ?? { at: [], isTold: false };
    const recent = at.filter((begun) => begun > now - WITHIN_MS);
    const [first] = recent;
    if (first === undefined || recent.length < WRONG_ONES) {
      // Last in the map again: its order is that of the latest attempts.
      this.attempts.delete(key);
      this.attempts.set(key, { at: [...recent, now], isTold: recent.length > 0 && isTold });
      return 0;
    }
    if (!isTold) void this.tell(name, address);
    this.attempts.set(key, { at: recent, isTold: true });
    return Math.ceil((first + WITHIN_MS - now) / 1_000);
  }

  /** The password was the right one: earlier mistakes are forgiven. */
  succeeded(name: string, address: string): void {
    this.attempts.delete(keyOf(name, address));
  }

  /**
   * Once per name, address and minute: to the log without the name, which may be a password that went into the wrong field, and to the audit with a keyed
   * hash of it. An audit that is away lets nobody in, and keeps nobody out.
   */
  private async tell(name: string, address: string): Promise<void> {
    this.logger.warn(
      `${AuditAction.SIGN_IN_REFUSED}: ${WRONG_ONES} wrong sign-ins within a minute under one name, from ${networkOf(address)}`,
    );
    try {
      const target = await this.audit.target('principal', name);
      const entry = { actor: 'chat', target, count: WRONG_ONES, reason: 'too-many-wrong-passwords' };
      await this.audit.append({ ...entry, action: AuditAction.SIGN_IN_REFUSED });
    } catch (error) {
      this.logger.error(
        `${AuditAction.SIGN_IN_REFUSED}: not written to the audit (${error instanceof Error ? error.name : 'unknown error'})`,
      );
    }
  }

  private forgetBefore(time: number): void {
    for (const [key, { at }] of this.attempts) {
      if ((at.at(-1) ?? 0) > time) return;
      this.attempts.delete(key);
    }
  }
}

function keyOf(name: string, address: string): string {
  return `${networkOf(address)} ${name}`;
}

/** What one customer of a provider has: an IPv4 address, or the first 64 bits of an IPv6 one, whose rest they choose. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const [first, last] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - (first?.length ?? 0) - (last?.length ?? 0) }, () => '0');
  return `${[...(first ?? []), ...zeros, ...(last ?? [])].slice(0, 4).join(':')}::/64`;
}
