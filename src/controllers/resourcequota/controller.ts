import { jsonEqual } from '../../apimachinery/equal.ts'
import { resourcequotas } from '../../apimachinery/generated/resources.ts'
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../apimachinery/generated/types.ts'
import { addQuantities, compareQuantities, formatQuantity, parseQuantity } from '../../apimachinery/quantity.ts'
import { keyOf, splitKey, type KubeObject, type ResourceRef } from '../../apimachinery/resource.ts'
import { concernedNames, quotaMatches, usageOf, type Usage } from '../../apiserver/quota/usage.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Informer, InformerFactory } from '../../client/informer.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { indexByNamespace, inNamespace } from '../shared/owners.ts'
import { eachResource } from '../shared/resources.ts'

const WORKERS = 5

/**
 * Recounts what a namespace uses when something goes, or when a quota's limits change; what comes is counted by
 * admission at once. k8s 1.36: pkg/controller/resourcequota.
 * SIMPLIFIED: no full recount every five minutes.
 */
export function resourceQuotaController(context: ControllerContext): Controller {
  const { sim, informers } = context
  const client = context.client('resourcequota-controller')
  const quotas = informers.for(resourcequotas)
  indexByNamespace(quotas)
  const resources: ResourceRef[] = []
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'resourcequota_primary',
    workers: WORKERS,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const quota = quotas.get(namespace, name)
      if (!quota) return
      const status = recount(quota, resources, informers, sim.now)
      if (isDirty(quota, status)) yield* client.updateStatus(resourcequotas, { ...quota, status })
    },
  })
  const wake = (quota: ResourceQuota) => loop.queue.add(keyOf(quota))
  quotas.addHandler({
    onAdd: wake,
    onUpdate(quota, old) {
      if (!sameAmounts(quota.spec?.hard ?? {}, old.spec?.hard ?? {})) wake(quota)
    },
    onDelete: wake,
  })
  eachResource(informers, (ref) => {
    if (!ref.namespaced || ref.resource === 'events') return
    resources.push(ref)
    const replenish = (object: KubeObject) => {
      for (const quota of inNamespace(quotas, object.metadata.namespace))
        if (concernedNames(ref.group, ref.resource, Object.keys(quota.status?.hard ?? {})).length > 0) wake(quota)
    }
    informers.for(ref).addHandler({
      onUpdate(object, old) {
        if (quotas.size === 0) return
        if (ref.group === '' && freesSomething(ref.resource, object, old, sim.now)) replenish(object)
      },
      onDelete: replenish,
    })
  })
  return controllerFrom('resourcequota-controller', [loop])
}

/** Updates after which a namespace may use less. k8s 1.36: quota DefaultUpdateFilter. */
function freesSomething(resource: string, object: KubeObject, old: KubeObject, nowMs: number): boolean {
  if (resource === 'services') return (object as Service).spec?.type !== (old as Service).spec?.type
  if (resource === 'persistentvolumeclaims')
    return (
      (object as PersistentVolumeClaim).spec?.volumeAttributesClassName !==
      (old as PersistentVolumeClaim).spec?.volumeAttributesClassName
    )
  if (resource !== 'pods') return false
  const [pod, before] = [object as Pod, old as Pod]
  const terminating = ({ spec }: Pod) => spec?.activeDeadlineSeconds !== undefined
  const allocated = ({ status }: Pod) => (status?.containerStatuses ?? []).map(({ name, resources }) => ({ name, resources }))
  if (terminating(pod) !== terminating(before)) return true
  if (pod.status?.phase === before.status?.phase && jsonEqual(allocated(pod), allocated(before))) return false
  const counts = (candidate: Pod) => usageOf('', 'pods', candidate, nowMs)['pods'] !== undefined
  return (counts(before) && !counts(pod)) || hasResized(pod, before)
}

function hasResized(pod: Pod, before: Pod): boolean {
  return (before.status?.containerStatuses ?? []).some(({ name, resources }) => {
    const now = pod.status?.containerStatuses?.find((status) => status.name === name)
    return now !== undefined && !jsonEqual(now.resources, resources)
  })
}

/** The quota's limits and what is used of them. k8s 1.36: quota CalculateUsage. */
function recount(quota: ResourceQuota, resources: readonly ResourceRef[], informers: InformerFactory, nowMs: number) {
  const hard: Usage = quota.spec?.hard ?? {}
  const names = Object.keys(hard)
  // Scopes and names are matched by what the quota now asks for.
  const asked: ResourceQuota = { ...quota, status: { ...quota.status, hard } }
  const used: Record<string, string> = {}
  for (const name of names) {
    const known = quota.status?.used?.[name]
    if (known !== undefined) used[name] = known
  }
  for (const { group, resource, ...ref } of resources) {
    const concerned = concernedNames(group, resource, names)
    if (concerned.length === 0) continue
    for (const name of concerned) used[name] = '0'
    const informer = informers.for({ group, resource, ...ref }) as Informer
    indexByNamespace(informer)
    for (const object of inNamespace(informer, quota.metadata.namespace)) {
      if (!quotaMatches(asked, group, resource, object)) continue
      const usage = usageOf(group, resource, object, nowMs)
      for (const name of concerned) if (usage[name] !== undefined) used[name] = sum(used[name] ?? '0', usage[name])
    }
  }
  return { hard, used }
}

const sum = (a: string, b: string) => (a === '0' ? b : formatQuantity(addQuantities(parseQuantity(a), parseQuantity(b))))

function isDirty({ spec, status }: ResourceQuota, { used }: { readonly used: Usage }): boolean {
  if (!status?.hard || !status.used) return true
  return !sameAmounts(spec?.hard ?? {}, status.hard) || !sameAmounts(used, status.used)
}

function sameAmounts(a: Usage, b: Usage): boolean {
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => b[name] !== undefined && compareQuantities(a[name] ?? '0', b[name]) === 0)
}
