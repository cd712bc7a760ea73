/** Who asks, and why. */
export interface PrivacyCall {
  /** Id of the principal, or the name of a part of the app, for the audit. Default `app`. */
  readonly by?: string;
  /** A code of 1 to 64 small letters, digits and hyphens, not prose. */
  readonly reason?: string;
}
