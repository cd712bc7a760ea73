import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type * as JoseModule from 'jose';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import type { ResolvedApnsOptions } from './apns-options.js';

const MINUTE_MS = 60_000;
/** Apple takes none that is older than 60 minutes, and no new one within 20. */
const RENEWED_AFTER_MS = 40 * MINUTE_MS;
const RENEWED_AT_MOST_EVERY_MS = 20 * MINUTE_MS;

/** What says to Apple who we are: a token signed with the key of the team (package `jose`), the same one for most of an hour. */
export class ProviderToken {
  private readonly jose: typeof JoseModule;
  private readonly key: KeyObject;
  private made: { readonly token: Promise<string>; readonly at: number } | null = null;
  private expiredAt = Number.NEGATIVE_INFINITY;

  /** @throws MissingPackageError */
  constructor(
    private readonly options: Pick<ResolvedApnsOptions, 'teamId' | 'keyId' | 'privateKey'>,
    private readonly now: () => number = Date.now,
  ) {
    this.jose = loadOptionalPackage('jose', 'pushes by APNs');
    this.key = createPrivateKey(options.privateKey);
  }

  /** The token of now. */
  current(): Promise<string> {
    const at = this.now();
    // A clock that was set back leaves a token of the future.
    if (this.made === null || at < this.made.at || at - this.made.at >= RENEWED_AFTER_MS) {
      this.made = { token: this.signed(at), at };
    }
    return this.made.token;
  }

  /**
   * Apple says that a token has expired: a clock was wrong, or is.
   * @returns whether there is another one by now; a new one is made for that once within 20 minutes
   */
  async replace(expired: string): Promise<boolean> {
    const { made } = this;
    if (made === null || (await made.token) !== expired || this.made !== made) return true;
    const now = this.now();
    if (Math.abs(now - this.expiredAt) < RENEWED_AT_MOST_EVERY_MS) return false;
    this.expiredAt = now;
    this.made = null;
    return true;
  }

  private signed(at: number): Promise<string> {
    const { teamId, keyId } = this.options;
    return new this.jose.SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .setIssuer(teamId)
      .setIssuedAt(Math.floor(at / 1_000))
      .sign(this.key);
  }
}
