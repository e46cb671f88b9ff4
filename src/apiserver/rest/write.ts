import { badRequest, conflict } from '../../apimachinery/errors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { KeyValue } from '../../etcd/etcd.ts'
import type { AdmissionAttributes } from '../admission/plugin.ts'
import { storageKey, withMeta, type RequestScope } from './context.ts'

export const isDryRun = (scope: RequestScope): boolean => scope.request.options?.dryRun === true

/** The text of a resourceVersion conflict. */
export function staleConflict(scope: RequestScope, name: string): Error {
  return conflict(scope.info, name, 'the object has been modified; please apply your changes to the latest version and try again')
}

/** Runs the admission chain and gives the object as changed by it. */
export function admit(
  scope: RequestScope,
  operation: AdmissionAttributes['operation'],
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): KubeObject | undefined {
  let current = object
  for (const plugin of scope.registry.admission) {
    const changed = plugin.admit?.({ scope, operation, object: current, old })
    if (changed) current = changed
  }
  return current
}

export function validateAdmission(
  scope: RequestScope,
  operation: AdmissionAttributes['operation'],
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): void {
  for (const plugin of scope.registry.admission) plugin.validate?.({ scope, operation, object, old })
}

/** Tells the plugins how a validated write ended. */
export function settleAdmission(
  scope: RequestScope,
  operation: AdmissionAttributes['operation'],
  object: KubeObject | undefined,
  old: KubeObject | undefined,
  stored: KubeObject | undefined,
): void {
  for (const plugin of scope.registry.admission) plugin.settle?.({ scope, operation, object, old }, stored)
}

/** Writes the object with its new resourceVersion. A lost race throws Conflict. */
export function store(scope: RequestScope, object: KubeObject, expected: number | undefined): KubeObject {
  const { info, registry } = scope
  const { name, namespace } = object.metadata
  if (isDryRun(scope)) return object
  let stored = object
  const result = registry.etcd.put(
    info.bucket,
    storageKey(info, namespace, name ?? ''),
    expected,
    (revision) => (stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }),
    writeInfo(scope),
  )
  if (!result.ok) throw staleConflict(scope, name ?? '')
  return stored
}

/** Removes the object; gives its last form. */
export function remove(scope: RequestScope, current: KeyValue, last: KubeObject): KubeObject {
  const { info, registry } = scope
  if (isDryRun(scope)) return last
  let gone = last
  const result = registry.etcd.delete(
    info.bucket,
    current.key,
    current.modRevision,
    (revision) => (gone = withMeta(last, { resourceVersion: String(revision) })),
    writeInfo(scope),
  )
  if (!result.ok) throw staleConflict(scope, last.metadata.name ?? '')
  return gone
}

function writeInfo(scope: RequestScope) {
  return { timeMs: scope.registry.sim.now, actor: scope.request.user.name, cause: scope.registry.sim.cause }
}

/** The body as an object, or the error that a missing one gives. */
export function bodyObject(scope: RequestScope): KubeObject {
  const { body } = scope.request
  if (typeof body !== 'object' || body === null) throw badRequest('the body of the request was empty')
  return body as KubeObject
}
