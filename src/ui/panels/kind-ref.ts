import type { KindCount } from '../../worker/protocol.ts'
import type { ObjectRef } from '../state/selection.ts'

/** The object of that kind and name, or null for a kind the server does not serve. */
export function refOfKind(kinds: readonly KindCount[], kind: string, namespace: string, name: string): ObjectRef | null {
  const found = kinds.find((entry) => entry.kind === kind)
  if (found === undefined) return null
  const { group, version, resource, namespaced } = found
  return { group, version, resource, kind, namespace: namespaced ? namespace : '', name }
}
