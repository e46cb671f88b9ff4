import type { PodRow } from '../../../worker/protocol.ts'

/** Which pods stand out; '' and null mean any. */
export interface Filter {
  readonly namespace: string
  readonly owner: string
  /** Index into POD_STATES. */
  readonly state: number | null
}

export const EMPTY_FILTER: Filter = { namespace: '', owner: '', state: null }

export function filterOf({ namespace, owner, state }: Filter): ((pod: PodRow) => boolean) | null {
  if (namespace === '' && owner === '' && state === null) return null
  return (pod) =>
    (namespace === '' || pod.namespace === namespace) &&
    (owner === '' || pod.owner === owner) &&
    (state === null || pod.state === state)
}
