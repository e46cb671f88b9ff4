import type { Simulation, Timer } from './simulation.ts'

/**
 * What a task yields to wait: a function that is given `resume` and `fail` and calls one of them once, later or at
 * once. It may return what gives the wait up when the task is cancelled: a function or a timer.
 */
export type Wait = (
  resume: (value?: unknown) => void,
  fail: (error: unknown) => void,
  simulation: Simulation,
) => (() => void) | Timer | void

/** A cooperative task: a generator that yields waits and is resumed by the simulation. Compose with `yield*`. */
export type Task<T = void> = Generator<Wait, T, unknown>

export interface TaskHandle {
  readonly done: boolean
  /** Gives up the wait under way and runs the task's `finally` blocks. */
  cancel(): void
}

/** Suspends for `ms` simulated milliseconds. */
export function* sleep(ms: number): Task {
  yield delay(ms)
}

/** What sleep yields. For the few places that are passed so often that a generator for each sleep would tell. */
export function delay(ms: number): Wait {
  return (resume, _fail, simulation) => simulation.schedule(ms, resume)
}

/** Suspends until `register` calls back; gives what it was called with. */
export function* waitFor<T>(
  register: (resume: (value: T) => void, fail: (error: unknown) => void) => (() => void) | void,
): Task<T> {
  return (yield ((resume, fail) => register(resume as (value: T) => void, fail)) as Wait) as T
}

/** Runs several tasks side by side and gives their results in order; the first failure is thrown after all ended. */
export function* all<T>(tasks: readonly Task<T>[]): Task<T[]> {
  if (tasks.length === 0) return []
  return (yield (resume, fail, simulation) => {
    const results: T[] = Array.from({ length: tasks.length })
    let left = tasks.length
    let failure: { error: unknown } | null = null
    const finish = () => {
      if (--left > 0) return
      if (failure) fail(failure.error)
      else resume(results)
    }
    const handles = tasks.map((task, i) =>
      startTask(
        simulation,
        task,
        (value) => {
          results[i] = value
          finish()
        },
        (error) => {
          failure ??= { error }
          finish()
        },
      ),
    )
    return () => {
      for (const handle of handles) handle.cancel()
    }
  }) as T[]
}

/** Drives a task. Used through Simulation.spawn. */
export function startTask<T>(
  simulation: Simulation,
  task: Task<T>,
  onDone?: (value: T) => void,
  onFail?: (error: unknown) => void,
): TaskHandle {
  let done = false
  let giveUp: (() => void) | Timer | void
  const advance = (failed: boolean, given: unknown) => {
    if (done) return
    let result: IteratorResult<Wait, T>
    try {
      // Waits that resume at once are run in this loop, not by recursion.
      for (;;) {
        result = failed ? task.throw(given) : task.next(given)
        if (result.done) break
        let early: { value?: unknown; error?: unknown; failed: boolean } | null = null
        let waiting = false
        const wait = result.value
        giveUp = wait(
          (value) => {
            if (early) return
            early = { value, failed: false }
            if (waiting) advance(false, value)
          },
          (error) => {
            if (early) return
            early = { error, failed: true }
            if (waiting) advance(true, error)
          },
          simulation,
        )
        const arrived = early as { value?: unknown; error?: unknown; failed: boolean } | null
        if (!arrived) {
          waiting = true
          return
        }
        failed = arrived.failed
        given = failed ? arrived.error : arrived.value
      }
    } catch (error) {
      done = true
      if (!onFail) throw error
      onFail(error)
      return
    }
    done = true
    onDone?.(result.value as T)
  }
  advance(false, undefined)
  return {
    get done() {
      return done
    },
    cancel() {
      if (done) return
      done = true
      if (typeof giveUp === 'function') giveUp()
      else giveUp?.cancel()
      task.return(undefined as never)
    },
  }
}
