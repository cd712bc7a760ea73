import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { inRootContext } from '../../../kernel/host/root-context.js';

type ConnectionOptions = ConstructorParameters<typeof SMTPConnection>[0];

/** A server that was set up anew is asked again after this time. */
const REMEMBERED_MS = 10 * 60 * 1000;
const PROBE = 'X-EXTENSIONS';

/** Whether a mail server takes addresses that are not ASCII (SMTPUTF8, RFC 6531). nodemailer would send them to any server. */
export class SmtpUtf8Support {
  private answer: Promise<boolean> | null = null;
  private askedAt = 0;

  /** @param options of the connection, TLS included; nobody signs in */
  constructor(private readonly options: NonNullable<ConnectionOptions>) {}

  /** Asks the server once in ten minutes. @throws what nodemailer throws when it cannot be reached */
  async isThere(): Promise<boolean> {
    const now = performance.now();
    if (this.answer !== null && now - this.askedAt < REMEMBERED_MS) return this.answer;
    this.askedAt = now;
    this.answer = inRootContext(() => this.ask());
    try {
      return await this.answer;
    } catch (error) {
      this.answer = null;
      throw error;
    }
  }

  private ask(): Promise<boolean> {
    const Connection = loadOptionalPackage<typeof SMTPConnection>(
      'nodemailer/lib/smtp-connection',
      'e-mail notifications',
    );
    return new Promise((resolve, reject) => {
      let extensions: readonly string[] = [];
      const connection = new Connection({
        ...this.options,
        // A sign-in that says nothing to the server: the way in which nodemailer tells what it has offered.
        customAuth: {
          [PROBE]: (context: { extensions: string[]; resolve: () => void }) => {
            extensions = context.extensions;
            context.resolve();
          },
        },
      });
      connection.once('error', reject);
      connection.once('end', () => reject(new Error('The mail server hung up.')));
      connection.connect((error) => {
        if (error) return reject(error);
        connection.login({ user: '', pass: '', method: PROBE }, (failure) => {
          connection.quit();
          if (failure) reject(failure);
          else resolve(extensions.includes('SMTPUTF8'));
        });
      });
    });
  }
}
