import type { SuccessPolicy } from '../../apimachinery/generated/types.ts'
import { IndexSet } from './indexes.ts'

/** The message of the first rule that the succeeded indexes fulfil, or null. k8s 1.36: job matchSuccessPolicy. */
export function matchSuccessPolicy(policy: SuccessPolicy | undefined, completions: number, succeeded: IndexSet): string | null {
  if (!policy || succeeded.size === 0) return null
  for (const [index, { succeededIndexes, succeededCount }] of policy.rules.entries())
    if (fulfils(succeeded, completions, succeededIndexes, succeededCount)) return `Matched rules at index ${index}`
  return null
}

function fulfils(succeeded: IndexSet, completions: number, indexes: string | undefined, count: number | undefined): boolean {
  if (indexes === undefined) return count !== undefined && succeeded.size >= count
  const required = IndexSet.parse(indexes, completions)
  if (required.size === 0) return false
  const overlap = required.overlap(succeeded)
  return overlap === required.size || (count !== undefined && overlap >= count)
}
