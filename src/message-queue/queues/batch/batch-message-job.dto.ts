import { IsBoolean, ValidateBy, ValidateIf } from 'class-validator';
import {
  DateField,
  FlatRecordField,
  IdField,
  IdListField,
  IntField,
  isFlatRecord,
  OptionalField,
  TextField,
} from '../payload-fields.js';
import { Identifies, KeyScope, Readable } from '../../privacy/sealed-fields.decorators.js';

/** Recipients one batch job may name; larger audiences are split into segments that share a `batchId`. */
export const MAX_RECIPIENTS_PER_JOB = 5_000;

/** Recipients handed on together when the job does not say. */
export const DEFAULT_CHUNK_SIZE = 100;

const VARIABLES = { maxEntries: 50, maxValueLength: 2_000 } as const;

function IsVariablesByRecipient(): PropertyDecorator {
  return ValidateBy({
    name: 'isVariablesByRecipient',
    validator: {
      validate: (value: unknown): boolean =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.keys(value).length <= MAX_RECIPIENTS_PER_JOB &&
        Object.values(value as Record<string, unknown>).every((entry) => isFlatRecord(entry, VARIABLES)),
      defaultMessage: () =>
        '$property must map recipient ids to objects of at most 50 texts (up to 2000 characters), numbers and booleans',
    },
  });
}

/** A conversation that others share is no place for texts that are made for one of them. */
function IsNobodyElsesConversation(): PropertyDecorator {
  return ValidateBy({
    name: 'isNobodyElsesConversation',
    validator: {
      validate: (_: unknown, args): boolean => {
        const { recipientIds, recipientVariables, template, segment } = (args?.object ??
          {}) as Partial<BatchMessageJobDto>;
        const isPersonal = template !== undefined && Object.keys(recipientVariables ?? {}).length > 0;
        // A segment has others beside it.
        const isForOne =
          Array.isArray(recipientIds) && new Set(recipientIds).size <= 1 && segment === undefined;
        return !isPersonal || isForOne;
      },
      defaultMessage: () =>
        '$property must be left out when several recipients get texts of their own (recipientVariables): all of them would read each text. Each gets a conversation of their own then',
    },
  });
}

/** Payload of `batch-send`: one content, or one template, for many recipients. */
export class BatchMessageJobDto {
  @Identifies('subject')
  @IdField()
  senderId!: string;

  /** 1 to 5 000; one named twice gets the message once. */
  @IdListField(1, MAX_RECIPIENTS_PER_JOB)
  recipientIds!: string[];

  /** 1 to 100 000 characters. Required unless `template` is given. */
  @ValidateIf((job: BatchMessageJobDto) => job.template === undefined || job.content !== undefined)
  @TextField(100_000)
  content?: string;

  /** Name of a template that makes the content; wins over `content`. */
  @Readable()
  @OptionalField()
  @IdField()
  template?: string;

  /** Template variables for everyone: at most 50. */
  @OptionalField()
  @FlatRecordField(VARIABLES)
  variables?: Record<string, string | number | boolean>;

  /** Template variables by recipient id; they win over `variables`. */
  @OptionalField()
  @IsVariablesByRecipient()
  recipientVariables?: Record<string, Record<string, string | number | boolean>>;

  /**
   * Default: a conversation named like the batch; with `recipientVariables`, one for each recipient. With those, and several recipients, it
   * must be left out: everybody in it would read what was made for one.
   */
  @KeyScope('conversation')
  @OptionalField()
  @IdField()
  @IsNobodyElsesConversation()
  conversationId?: string;

  /** Whether each message is sealed before it is stored and sent. Default false. */
  @Readable()
  @OptionalField()
  @IsBoolean()
  requiresEncryption?: boolean;

  /** Recipients handed on together, 1 to 1 000. Default 100. */
  @Readable()
  @OptionalField()
  @IntField(1, 1_000)
  chunkSize?: number;

  /** Pause between chunks in milliseconds, 0 to 60 000. Default 0. */
  @Readable()
  @OptionalField()
  @IntField(0, 60_000)
  chunkDelay?: number;

  /** Names the batch over all its segments, and its conversation where `conversationId` does not. Default: the job's id. */
  @Identifies('conversation', { orJobId: true })
  @OptionalField()
  @IdField()
  batchId?: string;

  /** Which part of the batch this job is, from 0. Default 0. */
  @Readable()
  @OptionalField()
  @IntField(0, 1_000_000)
  segment?: number;

  @Readable()
  @DateField()
  createdAt!: Date | string;
}
