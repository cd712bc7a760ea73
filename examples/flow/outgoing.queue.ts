import { IsString, Length } from 'class-validator';
import { defineQueue, defineRate } from 'nestjs-message-queue';

export class OutgoingDto {
  @IsString()
  @Length(1, 128)
  conversationId!: string;

  /** The customer on whose behalf it is sent. */
  @IsString()
  @Length(1, 128)
  tenantId!: string;

  @IsString()
  @Length(1, 1_000)
  text!: string;
}

/** One bucket for every queue and every process that names it. */
export const SMS_PROVIDER = defineRate('sms-provider', { limit: 10, perMs: 1_000 });

export const OUTGOING = defineQueue({
  name: 'outgoing',
  description: 'What goes out to people: messages, texts, digests.',
  jobs: { 'send-message': OutgoingDto, 'send-sms': OutgoingDto, digest: OutgoingDto },
  flow: {
    key: { of: (payload) => payload.conversationId },
    tenant: { of: (payload) => payload.tenantId, weights: { acme: 5 } },
    rate: { limit: 300, perMs: 60_000, burst: 10 },
    jobs: {
      'send-sms': { rate: SMS_PROVIDER },
      digest: { batch: { size: 50, waitMs: 30_000 } },
    },
  },
  concurrency: 10,
  attempts: 5,
  backoff: { type: 'exponential', delayMs: 2_000 },
  timeoutMs: 30_000,
});

export class ReportDto {
  @IsString()
  @Length(1, 128)
  tenantId!: string;
}

export const REPORTS = defineQueue({
  name: 'reports',
  description: 'Reports that take minutes: no more than two of a tenant at a time.',
  jobs: { write: ReportDto },
  flow: { tenant: { of: (payload) => payload.tenantId, concurrency: 2 } },
  concurrency: 10,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 5_000 },
  timeoutMs: 600_000,
});
