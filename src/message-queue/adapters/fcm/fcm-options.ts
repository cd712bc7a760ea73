import type { AgentOptions } from 'node:https';
import { milliseconds, record, text } from '../../../kernel/values/kinds.js';
import { defaulted, optional, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf, ReadOptions } from '../../../kernel/values/options.js';
import { overlongPush } from '../shared/push/fitted-push.js';
import type { OverlongPush } from '../shared/push/fitted-push.js';

/** How to sign in to Firebase, and how long to wait for it. */
export interface FcmOptions {
  /**
   * A service account's key file (JSON) that may send for its project. Default: the process's Application Default Credentials, that is
   * GOOGLE_APPLICATION_CREDENTIALS or the machine's own identity on Google Cloud.
   */
  readonly serviceAccountFile?: string;
  /** Default: that of the credentials. */
  readonly projectId?: string;
  /** Of the connections to `fcm.googleapis.com` and `oauth2.googleapis.com`: a `ca` of your own, for example. */
  readonly connection?: AgentOptions;
  /** To the end of the answer, signing in and firebase-admin's own repeats included, milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** What becomes of a push of more than 4 096 bytes. Default `refuse`. */
  readonly overlong?: OverlongPush;
}

/** Until FCM has answered, where nothing else is said, milliseconds. */
export const FCM_TIMEOUT_MS = 10_000;

const FIELDS = {
  serviceAccountFile: optional(text()),
  projectId: optional(text()),
  connection: optional(record<AgentOptions>()),
  timeoutMs: defaulted(milliseconds(1), FCM_TIMEOUT_MS),
  overlong: defaulted(overlongPush(), 'refuse'),
} satisfies FieldsOf<FcmOptions>;

/** Options with every default filled in. */
export type ResolvedFcmOptions = Readonly<ReadOptions<typeof FIELDS>>;

/** @throws InvalidConfigurationError listing every mistake */
export function resolveFcmOptions(options: FcmOptions): ResolvedFcmOptions {
  return resolveOptions('FcmPushChannel', options, FIELDS);
}
