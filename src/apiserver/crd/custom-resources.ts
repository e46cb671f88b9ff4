import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { StatusError } from '../../apimachinery/errors.ts'
import { formatTime } from '../../sim/time.ts'
import type { ApiRequest, UserInfo } from '../api.ts'
import type { Registry } from '../rest/context.ts'
import { CRD_FINALIZER as FINALIZER } from './finalizer.ts'
import { customResource } from './resource.ts'

const BUCKET = 'customresourcedefinitions.apiextensions.k8s.io'
const SERVER: UserInfo = { name: 'system:apiserver', groups: ['system:masters'] }
/** Milliseconds until the controllers inside the API server have seen a definition. */
const REACTION_MS = 20

/**
 * Turns CustomResourceDefinitions into served resources: accepts their names, establishes them, and clears up after
 * them. k8s 1.36: apiextensions naming, establishing and finalizing controllers, crdHandler.
 */
export class CustomResources {
  private readonly registry: Registry
  /** Group, version and resource of what each definition serves. */
  private readonly served = new Map<string, { group: string; version: string; resource: string }[]>()

  constructor(registry: Registry) {
    this.registry = registry
    for (const { value } of registry.etcd.range(BUCKET)) this.serve(value as CustomResourceDefinition)
    registry.etcd.watch(BUCKET, ({ type, value, key }) => {
      const crd = value as CustomResourceDefinition
      if (type === 'delete') return this.withdraw(key)
      this.serve(crd)
      registry.sim.schedule(REACTION_MS, () => this.reconcile(key))
    })
  }

  private serve(crd: CustomResourceDefinition): void {
    const name = crd.metadata.name ?? ''
    this.withdraw(name)
    if (!crd.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True')) return
    const infos = crd.spec.versions
      .filter((version) => version.served)
      .map((version) => customResource(crd, version, this.registry))
    for (const info of infos) this.registry.resources.add(info)
    this.served.set(
      name,
      infos.map(({ group, version, resource }) => ({ group, version, resource })),
    )
  }

  private withdraw(name: string): void {
    for (const { group, version, resource } of this.served.get(name) ?? [])
      this.registry.resources.remove(group, version, resource)
    this.served.delete(name)
  }

  private reconcile(key: string): void {
    const crd = this.registry.etcd.get(BUCKET, key)?.value as CustomResourceDefinition | undefined
    if (!crd) return
    if (crd.metadata.deletionTimestamp !== undefined) this.cleanUp(crd)
    else this.acceptNames(crd)
  }

  private acceptNames(crd: CustomResourceDefinition): void {
    const now = formatTime(this.registry.sim.now)
    const present = crd.status?.conditions ?? []
    const clash = this.clashOf(crd)
    const accepted = condition(
      present,
      'NamesAccepted',
      clash === undefined,
      clash ? clash.reason : 'NoConflicts',
      clash?.message ?? 'no conflicts found',
      now,
    )
    const established = condition(
      present,
      'Established',
      clash === undefined || present.some((c) => c.type === 'Established' && c.status === 'True'),
      clash ? 'NotAccepted' : 'InitialNamesAccepted',
      clash ? 'not all names are accepted' : 'the initial names have been accepted',
      now,
    )
    const acceptedNames = clash ? (crd.status?.acceptedNames ?? { plural: '', kind: '' }) : crd.spec.names
    const status = { ...crd.status, conditions: [accepted, established], acceptedNames }
    if (jsonEqual(status, crd.status)) return
    this.write({ ...crd, status } as KubeObject, 'status')
  }

  /** Another definition of the group that has one of these names already. */
  private clashOf(crd: CustomResourceDefinition): { reason: string; message: string } | undefined {
    const { plural, kind } = crd.spec.names
    for (const info of this.registry.resources.all()) {
      if (info.group !== crd.spec.group || info.bucket === crd.metadata.name) continue
      if (info.resource === plural) return { reason: 'PluralConflict', message: `${JSON.stringify(plural)} is already in use` }
      if (info.kind === kind) return { reason: 'KindConflict', message: `${JSON.stringify(kind)} is already in use` }
    }
    return undefined
  }

  /** All objects go before their definition does. */
  private cleanUp(crd: CustomResourceDefinition): void {
    const { finalizers = [], name = '' } = crd.metadata
    if (!finalizers.includes(FINALIZER)) return
    for (const { group, version, resource } of (this.served.get(name) ?? []).slice(0, 1))
      for (const { value } of this.registry.etcd.range(name))
        this.send({ verb: 'delete', group, version, resource, namespace: value.metadata.namespace, name: value.metadata.name })
    if (this.registry.etcd.count(name) > 0) {
      this.registry.sim.schedule(1000, () => this.reconcile(name))
      return
    }
    this.write({ ...crd, metadata: { ...crd.metadata, finalizers: finalizers.filter((f) => f !== FINALIZER) } }, undefined)
  }

  private write(body: KubeObject, subresource: string | undefined): void {
    this.send({
      verb: 'update',
      group: 'apiextensions.k8s.io',
      version: 'v1',
      resource: 'customresourcedefinitions',
      name: body.metadata.name,
      subresource,
      body,
    })
  }

  /** A refusal is tried again with the next change. */
  private send(request: Omit<ApiRequest, 'user' | 'userAgent'>): void {
    try {
      this.registry.handle({ ...request, user: SERVER, userAgent: 'kube-apiserver' })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
  }
}

function condition(
  present: readonly CustomResourceDefinitionCondition[],
  type: string,
  isTrue: boolean,
  reason: string,
  message: string,
  now: string,
): CustomResourceDefinitionCondition {
  const status = isTrue ? 'True' : 'False'
  const before = present.find((c) => c.type === type)
  if (before?.status === status && before.reason === reason) return before
  return {
    type,
    status,
    lastTransitionTime: before?.status === status ? (before.lastTransitionTime ?? now) : now,
    reason,
    message,
  }
}
