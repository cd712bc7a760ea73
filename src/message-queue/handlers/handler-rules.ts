import { didYouMean } from '../../kernel/values/did-you-mean.js';
import { Issues } from '../../kernel/values/issues.js';
import { HandlerRegistrationError } from '../jobs/errors.js';
import { ATTEMPTS, TIMEOUT_MS } from '../admission/option-rules.js';
import { enhancerProblems } from './declared-enhancers.js';
import { scanProcessor } from './processor-scan.js';
import type { ProcessorSource, ScannedHandler, ScannedProcessor } from './processor-scan.js';
import { isBatched } from '../jobs/queue-definition.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';

/** What handlers are checked against. */
export interface HandlerRequirements {
  /** All registered queues. */
  readonly definitions: readonly QueueDefinition[];
  /** Names of the queues that this process works on: each of their jobs needs a handler. Default: all. */
  readonly worked?: readonly string[];
}

/**
 * Checks what classes say about themselves; needs no instances.
 * @throws HandlerRegistrationError listing every mistake with the classes, methods and modules concerned
 */
export function checkHandlers(sources: readonly ProcessorSource[], requirements: HandlerRequirements): void {
  const processors = sources.map(scanProcessor).filter((processor) => processor !== undefined);
  const definitions = new Map(requirements.definitions.map((definition) => [definition.name, definition]));
  const worked = requirements.worked ?? [...definitions.keys()];
  const problems = [
    ...processors.flatMap((processor) => problemsOf(processor, definitions)),
    ...requirements.definitions.flatMap((definition) =>
      coverageProblems(definition, processors, worked.includes(definition.name)),
    ),
  ];
  if (problems.length === 0) return;
  throw new HandlerRegistrationError([
    'The message queue cannot start: job handlers are wrong.',
    ...problems.map((text) => `  - ${text}`),
  ]);
}

function problemsOf(
  processor: ScannedProcessor,
  definitions: ReadonlyMap<string, QueueDefinition>,
): string[] {
  const { queueName, source, handlers } = processor;
  const className = source.type.name;
  if (queueName === undefined) {
    const methods = handlers.map(({ methodName }) => methodName).join(', ');
    return [`${className} has @JobHandler methods (${methods}) but no @Processor(queueName) on the class.`];
  }
  const definition = definitions.get(queueName);
  if (definition === undefined) {
    if (handlers.length === 0) return []; // A queue of the host's own, without us.
    const hint = didYouMean(queueName, definitions.keys());
    return [`${className} has @JobHandler methods, but its queue "${queueName}" is not registered.${hint}`];
  }
  const problems = processor.plainProcesses.map(({ methodName, jobName }) => {
    const suggested =
      jobName === undefined ? `'${Object.keys(definition.jobs)[0] ?? 'job-name'}'` : `'${jobName}'`;
    return (
      `${className}.${methodName} is a plain @Process on the managed queue "${queueName}": Bull would start it before ` +
      `the app is ready and add up concurrencies. Write @JobHandler(${suggested}) instead of @Process(…).`
    );
  });
  if (processor.hasEndListener && source.scoped) {
    problems.push(
      `${className}.onJobEnd is never called: the class is made per job, because it is request-scoped or needs something that ` +
        `is. Move onJobEnd to a singleton with @Processor('${queueName}').`,
    );
  }
  return [
    ...problems,
    ...handlers.flatMap((handler) => [
      ...handlerProblems(className, handler, definition),
      ...enhancerProblems(source, handler.methodName),
    ]),
  ];
}

function handlerProblems(className: string, handler: ScannedHandler, definition: QueueDefinition): string[] {
  const place = `${className}.${handler.methodName}`;
  const jobNames = Object.keys(definition.jobs);
  const { definedQueue = definition.name } = handler;
  if (definedQueue !== definition.name) {
    return [
      `${place} handles a job of queue "${definedQueue}", but its class is @Processor('${definition.name}'). ` +
        `Move the method to a class with @Processor('${definedQueue}').`,
    ];
  }
  const problems: string[] = [];
  if (!jobNames.includes(handler.jobName)) {
    problems.push(
      `${place} handles "${handler.jobName}", but queue "${definition.name}" defines no such job ` +
        `(it has ${jobNames.join(', ')}).${didYouMean(handler.jobName, jobNames)}`,
    );
  }
  problems.push(...batchProblems(place, handler, definition));
  const issues = new Issues();
  const { attempts, timeoutMs } = handler.options;
  issues.checkGiven('attempts', attempts, ATTEMPTS);
  issues.checkGiven('timeoutMs', timeoutMs, TIMEOUT_MS);
  issues.knownKeys('', handler.options, ['attempts', 'timeoutMs']);
  return [...problems, ...issues.list.map(({ path, message }) => `${place}: ${path} ${message}`)];
}

/** Whether a job comes in batches is settled where it is defined, because the method is typed by that. */
function batchProblems(
  place: string,
  { jobName, definedQueue, isBatched: takesBatches }: ScannedHandler,
  definition: QueueDefinition,
): string[] {
  const comesInBatches = isBatched(definition, jobName);
  if (comesInBatches === takesBatches) return [];
  const job = `job "${jobName}" of queue "${definition.name}"`;
  const batch = `flow.jobs['${jobName}'].batch`;
  if (takesBatches) {
    return [
      `${place} takes many payloads at once, but ${job} is registered without ${batch}. Register the queue with the definition ` +
        'that the method names, or take one payload.',
    ];
  }
  if (definedQueue === undefined) {
    return [
      `${place} names only its job, but ${job} comes in batches. Write @JobHandler(definition, '${jobName}') with the ` +
        'definition of the queue, so that the parameters of the method are checked: an array of payloads and a BatchContext.',
    ];
  }
  return [
    `${place} takes one payload, but by its configuration ${job} comes in batches. Declare ${batch} in defineQueue, so that ` +
      'the method takes an array of payloads and a BatchContext, or leave it out of the options.',
  ];
}

function coverageProblems(
  definition: QueueDefinition,
  processors: readonly ScannedProcessor[],
  needsHandlers: boolean,
): string[] {
  return Object.keys(definition.jobs).flatMap((jobName) => {
    const places = processors
      .filter(({ queueName }) => queueName === definition.name)
      .flatMap(({ source, handlers }) =>
        handlers
          .filter((handler) => handler.jobName === jobName)
          .map(({ methodName }) => `${source.type.name}.${methodName} (in ${source.module})`),
      );
    const job = `Job "${jobName}" of queue "${definition.name}"`;
    if (places.length > 1)
      return [`${job} has ${places.length} handlers: ${places.join(' and ')}. Keep one.`];
    if (places.length === 1 || !needsHandlers) return [];
    return [
      `${job} has no handler. Put @JobHandler('${jobName}') on a method of a class with ` +
        `@Processor('${definition.name}') and list that class in the providers of a module.`,
    ];
  });
}
