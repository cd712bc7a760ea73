import { IsEmail, IsString, Length } from 'class-validator';
import { defineQueue, JobHandler, Processor } from 'nestjs-message-queue';
import type { JobContext } from 'nestjs-message-queue';

export class MailJobDto {
  @IsEmail()
  to!: string;

  @IsString()
  @Length(1, 10_000)
  text!: string;
}

export const MAIL = defineQueue({
  name: 'mail',
  description: 'Mail to customers.',
  jobs: { 'send-mail': MailJobDto },
  concurrency: 5, // was: @Processor('mail', { concurrency: 5 })
  attempts: 3, // was: defaultJobOptions
  backoff: { type: 'exponential', delayMs: 1_000 },
  timeoutMs: 30_000,
});

@Processor(MAIL.name)
export class MailProcessor {
  readonly sent: string[] = [];

  // was: process(job: Job) of a WorkerHost, with a switch over job.name
  @JobHandler(MAIL, 'send-mail')
  async sendMail({ to }: MailJobDto, { signal, progress }: JobContext): Promise<{ to: string }> {
    signal.throwIfAborted(); // the run has timed out or was cancelled, or the process is stopping
    await progress({ percentage: 100, step: 'sent' }); // was: job.updateProgress(100)
    this.sent.push(to);
    return { to };
  }
}
