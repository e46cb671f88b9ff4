import type { Pod } from '../../apimachinery/generated/types.ts'
import { allIndexFailures, finishedMs } from './pods.ts'

const INITIAL_MS = 10_000
const MAX_MS = 600_000

/** Failures in a row, for the pace of new pods. */
export interface BackoffRecord {
  readonly failures: number
  readonly lastFailureMs?: number
}

/** Milliseconds until the next pod may be made: 10 s, doubled with each failure, at most 10 min. */
export function remainingMs({ failures, lastFailureMs }: BackoffRecord, nowMs: number): number {
  if (failures === 0 || lastFailureMs === undefined) return 0
  return Math.max(0, Math.min(INITIAL_MS * 2 ** (failures - 1), MAX_MS) - (nowMs - lastFailureMs))
}

/** The same for one index, from the last pod that failed in it. k8s 1.36: job getRemainingTimePerIndex. */
export function remainingForIndexMs(lastFailed: Pod | undefined, nowMs: number): number {
  if (!lastFailed) return 0
  return remainingMs({ failures: allIndexFailures(lastFailed) + 1, lastFailureMs: finishedMs(lastFailed) }, nowMs)
}

/** The record after these ends: a success begins the count anew. k8s 1.36: job newBackoffRecord. */
export function nextRecord(record: BackoffRecord, succeededMs: readonly number[], failedMs: readonly number[]): BackoffRecord {
  if (succeededMs.length === 0) {
    if (failedMs.length === 0) return record
    return { failures: record.failures + failedMs.length, lastFailureMs: Math.max(...failedMs) }
  }
  const lastSuccessMs = Math.max(...succeededMs)
  const since = failedMs.filter((ms) => ms > lastSuccessMs)
  return since.length === 0 ? { failures: 0 } : { failures: since.length, lastFailureMs: Math.max(...since) }
}
