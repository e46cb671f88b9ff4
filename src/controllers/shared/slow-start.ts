import { StatusError } from '../../apimachinery/errors.ts'
import { Requeue } from '../../client/controller.ts'
import { all, type Task } from '../../sim/task.ts'

/** What came of a number of attempts: how many succeeded, and the first refusal. */
export interface BatchOutcome {
  readonly successes: number
  readonly error: StatusError | Requeue | null
}

/**
 * Runs a call `count` times in batches of 1, 2, 4... side by side; a batch with a failure is the last.
 * k8s 1.36: replicaset slowStartBatch.
 */
export function* slowStart(count: number, call: (index: number) => Task): Task<BatchOutcome> {
  let successes = 0
  for (let size = Math.min(count, 1); size > 0; size = Math.min(2 * size, count - successes)) {
    const begin = successes
    const outcome = yield* together(size, (i) => call(begin + i))
    successes += outcome.successes
    if (outcome.error) return { successes, error: outcome.error }
  }
  return { successes, error: null }
}

/** Runs a call `count` times side by side. */
export function* together(count: number, call: (index: number) => Task): Task<BatchOutcome> {
  let error: StatusError | Requeue | null = null
  let successes = 0
  function* attempt(index: number): Task {
    try {
      yield* call(index)
      successes++
    } catch (refusal) {
      if (!(refusal instanceof StatusError) && !(refusal instanceof Requeue)) throw refusal
      error ??= refusal
    }
  }
  yield* all(Array.from({ length: count }, (_, i) => attempt(i)))
  return { successes, error }
}
