import { Processor } from '@nestjs/bull';
import type { Type } from '@nestjs/common';
import type { FlowPolicy } from '../jobs/flow/flow-policy.js';
import { defineQueue } from '../jobs/queue-definition.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { checkHandlers } from './handler-rules.js';
import { JobHandler } from './job-handler.decorator.js';

class Payload {}

const FILES = defineQueue({
  name: 'files',
  description: 'files',
  jobs: { resize: Payload, digest: Payload },
  concurrency: 1,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 1_000,
  flow: { jobs: { digest: { batch: { size: 50, waitMs: 100 } } } },
});

/** With what its host's options make of it. */
const filesWith = (jobs: FlowPolicy['jobs']): QueueDefinition => ({ ...FILES, flow: { jobs } });

@Processor('files')
class FilesProcessor {
  @JobHandler(FILES, 'resize')
  resize(): void {}

  @JobHandler(FILES, 'digest')
  digest(): void {}
}

const check =
  (type: Type<object>, definition: QueueDefinition = FILES) =>
  (): void =>
    checkHandlers([{ type, instance: null, scoped: false, module: 'M' }], { definitions: [definition] });

describe('checkHandlers of jobs that come in batches', () => {
  it('is content when definition and configuration agree', () => {
    expect(check(FilesProcessor)).not.toThrow();
    expect(check(FilesProcessor, filesWith({ digest: { batch: { size: 9, waitMs: 1 } } }))).not.toThrow();
  });

  it('refuses a handler that knows its queue by name only', () => {
    @Processor('files')
    class ByName extends FilesProcessor {
      @JobHandler('digest')
      override digest(): void {}
    }
    expect(check(ByName)).toThrow(
      /ByName\.digest names only its job, but job "digest" of queue "files" comes in batches\. Write @JobHandler\(definition, 'digest'\)/,
    );
  });

  it('refuses options that collect what a handler takes one by one', () => {
    const definition = filesWith({
      resize: { batch: { size: 9, waitMs: 1 } },
      digest: { batch: { size: 9, waitMs: 1 } },
    });
    expect(check(FilesProcessor, definition)).toThrow(
      /FilesProcessor\.resize takes one payload, but .* Declare flow\.jobs\['resize'\]\.batch in defineQueue/,
    );
  });

  it('refuses a queue that does not collect what a handler takes many of', () => {
    expect(check(FilesProcessor, filesWith({}))).toThrow(
      /FilesProcessor\.digest takes many payloads at once, but .* is registered without flow\.jobs\['digest'\]\.batch/,
    );
  });
});
