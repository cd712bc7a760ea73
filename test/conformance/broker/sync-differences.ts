const NO_TURN =
  'an add does not wait for a handler to be free: nothing stands in a lane while there is a worker';
const ONE_TRY = 'the caller tries again: there is one attempt';

/** Cases of the broker seam that do not hold for the provider `sync`, and why (docs/rollback.md). */
export const SYNC_DIFFERENCES: Readonly<Record<string, string>> = {
  'keeps the order of calls that were not waited for': 'calls that were not waited for run beside each other',
  'runs exactly as many at once as the concurrency says, over all names': NO_TURN,
  'makes a failed attempt of a run that rejects or throws: the job’s attempts and backoff count, then it is a dead letter':
    ONE_TRY,
  'starts nothing after stopFetching()':
    'stopping ends what the worker takes by itself; an add runs its job until the queue is closed',
  'tells the end of a job whose last run rejected, once it is stored': ONE_TRY,
  'tells from when the oldest job could run: a delay and the time until a retry are no waits': NO_TURN,
  'promotes a delayed job to the end of its lane, and retries a dead letter behind all': NO_TURN,
  'hands back a job to the front of its lane, and replays a dead letter to its end': NO_TURN,
  'closes within three seconds although a handler does not end':
    'whoever added a job waits for it, so closing need not',
  'are cancelled one by one, waiting or running, and the others go on': NO_TURN,
  'what expires in a lane lets the next of its key in, and of its tenant': NO_TURN,
  'finds and removes jobs in every state, and none but these': NO_TURN,
  'tells the end of those that had not ended, once, with what is stored of them': NO_TURN,
  'lets the single job of one tenant start next but one behind a thousand of another': NO_TURN,
  'lets a tenant fill handlers that wait for jobs already': NO_TURN,
  'counts held jobs against maxWaiting': NO_TURN,
};
