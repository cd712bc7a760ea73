import { randomUUID } from 'node:crypto';
import type * as FirebaseApps from 'firebase-admin/app';
import type * as FirebaseMessaging from 'firebase-admin/messaging';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import type { FcmMessage } from './fcm-messaging.js';
import type { FcmOptions } from './fcm-options.js';
import { SignalAgent } from './signal-agent.js';

const NEEDED_BY = 'pushes by FCM';

/** A Firebase app of this channel's own, beside those of the host (package `firebase-admin`). */
export class FirebaseSender {
  private readonly agent: SignalAgent;
  private readonly apps: typeof FirebaseApps;
  private readonly app: FirebaseApps.App;
  private readonly messaging: FirebaseMessaging.Messaging;
  private closing: Promise<void> | null = null;

  /** @throws MissingPackageError, InvalidConfigurationError when the key file cannot be read */
  constructor({ serviceAccountFile, projectId, connection }: FcmOptions) {
    this.apps = loadOptionalPackage<typeof FirebaseApps>('firebase-admin/app', NEEDED_BY);
    const { getMessaging } = loadOptionalPackage<typeof FirebaseMessaging>(
      'firebase-admin/messaging',
      NEEDED_BY,
    );
    this.agent = new SignalAgent({ keepAlive: true, ...connection });
    const credential =
      serviceAccountFile === undefined
        ? this.apps.applicationDefault(this.agent)
        : readCredential(this.apps, serviceAccountFile, this.agent);
    const settings = { credential, httpAgent: this.agent, ...(projectId !== undefined && { projectId }) };
    this.app = this.apps.initializeApp(settings, `message-queue-${randomUUID()}`);
    this.messaging = getMessaging(this.app);
  }

  /** @returns the message's name at FCM. @throws signal.reason when aborted, else firebase-admin's errors */
  send(message: FcmMessage, signal: AbortSignal): Promise<string> {
    return SignalAgent.run(signal, () => this.messaging.send(message));
  }

  /** Closes the app and its connections; a second call does nothing. */
  async close(): Promise<void> {
    // The library refuses to close an app twice.
    this.closing ??= this.apps.deleteApp(this.app);
    await this.closing;
    this.agent.destroy();
  }
}

function readCredential(
  apps: typeof FirebaseApps,
  file: string,
  agent: SignalAgent,
): FirebaseApps.Credential {
  try {
    return apps.cert(file, agent);
  } catch {
    // The library's own message may quote the file.
    throw new InvalidConfigurationError('The options of FcmPushChannel are wrong:', [
      { path: 'serviceAccountFile', message: "cannot be read as a service account's key file (JSON)" },
    ]);
  }
}
