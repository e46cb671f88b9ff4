import { badRequest, conflict } from '../../apimachinery/errors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { KeyValue } from '../../etcd/etcd.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/plugin.ts'
import type { FieldWrite } from '../managed.ts'
import type { ResourceInfo } from '../resources.ts'
import { storageKey, withMeta, type RequestScope } from './context.ts'

export const isDryRun = (scope: RequestScope): boolean => scope.request.options?.dryRun === true

/** The text of a resourceVersion conflict. */
export function staleConflict(scope: RequestScope, name: string): Error {
  return conflict(scope.info, name)
}

interface Chain {
  readonly admit: readonly AdmissionPlugin[]
  readonly validate: readonly AdmissionPlugin[]
  readonly settle: readonly AdmissionPlugin[]
}

/** The plugins that have a say in writes of a resource: most writes concern few. */
const CHAINS = new WeakMap<ResourceInfo, { readonly plugins: readonly AdmissionPlugin[]; readonly chain: Chain }>()

function chainOf({ info, registry }: RequestScope): Chain {
  const known = CHAINS.get(info)
  if (known?.plugins === registry.admission) return known.chain
  const plugins = registry.admission.filter(({ buckets }) => buckets === undefined || buckets.includes(info.bucket))
  const chain = {
    admit: plugins.filter((plugin) => plugin.admit),
    validate: plugins.filter((plugin) => plugin.validate),
    settle: plugins.filter((plugin) => plugin.settle),
  }
  CHAINS.set(info, { plugins: registry.admission, chain })
  return chain
}

/** Runs the admission chain and gives the object as changed by it. */
export function admit(
  scope: RequestScope,
  operation: AdmissionAttributes['operation'],
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): KubeObject | undefined {
  let current = object
  for (const plugin of chainOf(scope).admit) {
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
  for (const plugin of chainOf(scope).validate) plugin.validate?.({ scope, operation, object, old })
}

/** Tells the plugins how a validated write ended. */
export function settleAdmission(
  scope: RequestScope,
  operation: AdmissionAttributes['operation'],
  object: KubeObject | undefined,
  old: KubeObject | undefined,
  stored: KubeObject | undefined,
): void {
  for (const plugin of chainOf(scope).settle) plugin.settle?.({ scope, operation, object, old }, stored)
}

/** Who writes which part, for managedFields. k8s 1.36: fieldmanager, managerOrUserAgent. */
export function fieldWrite(scope: RequestScope, after: KubeObject): FieldWrite {
  const { info, registry, request } = scope
  const { options, userAgent, subresource } = request
  return {
    manager: options?.fieldManager || (userAgent.split('/', 1)[0] ?? ''),
    apiVersion: info.apiVersion,
    model: info.schema ?? info.model,
    timeMs: registry.sim.now,
    subresource: subresource ?? '',
    info,
    after,
  }
}

/**
 * Writes the object with its new resourceVersion and notes whose fields changed; 'unseen' leaves no trace in
 * managedFields. A lost race throws Conflict.
 */
export function store(
  scope: RequestScope,
  object: KubeObject,
  expected: number | undefined,
  old: KubeObject | undefined,
  write: FieldWrite | 'unseen',
): KubeObject {
  const { info, registry } = scope
  const { name, namespace } = object.metadata
  const note = (version: KubeObject) => {
    if (write !== 'unseen') registry.managed.record(version, old, write)
    else if (old) registry.managed.carry(version, old)
  }
  if (isDryRun(scope)) {
    note(object)
    return object
  }
  let stored = object
  const result = registry.etcd.put(
    info.bucket,
    storageKey(info, namespace, name ?? ''),
    expected,
    (revision) => {
      stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
      // Before watchers hear of it: one of them may ask for the managed fields.
      note(stored)
      return stored
    },
    writeInfo(scope),
  )
  if (!result.ok) throw staleConflict(scope, name ?? '')
  return stored
}

/** Removes the object; gives its last form. */
export function remove(scope: RequestScope, current: KeyValue, last: KubeObject): KubeObject {
  const { info, registry } = scope
  if (isDryRun(scope)) {
    registry.managed.carry(last, current.value)
    return last
  }
  let gone = last
  const result = registry.etcd.delete(
    info.bucket,
    current.key,
    current.modRevision,
    (revision) => {
      gone = withMeta(last, { resourceVersion: String(revision) })
      registry.managed.carry(gone, current.value)
      if (last === current.value) return gone
      // Watchers see the object as it was stored, not the form whose write let it go.
      const before = withMeta(current.value, { resourceVersion: String(revision) })
      registry.managed.carry(before, current.value)
      return before
    },
    writeInfo(scope),
  )
  if (!result.ok) throw staleConflict(scope, last.metadata.name ?? '')
  registry.hooks.get(info.bucket)?.afterDelete?.(scope, gone)
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
