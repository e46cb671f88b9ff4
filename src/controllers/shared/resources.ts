import * as generated from '../../apimachinery/generated/resources.ts'
import { customresourcedefinitions } from '../../apimachinery/generated/resources.ts'
import type { CustomResourceDefinition } from '../../apimachinery/generated/types.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import type { InformerFactory } from '../../client/informer.ts'

/** Answers that are computed, or copies of another group's resource: nothing to watch. */
const NOT_STORED = new Set(['bindings', 'componentstatuses', 'events.events.k8s.io', 'horizontalpodautoscalers/v1'])
const COMPUTED_GROUPS = new Set(['authentication.k8s.io', 'authorization.k8s.io'])

/** Every built-in resource that is stored, once. */
export const STORED_RESOURCES: readonly ResourceRef[] = (Object.values(generated) as ResourceRef[]).filter(
  ({ group, resource, version }) =>
    !COMPUTED_GROUPS.has(group) &&
    !NOT_STORED.has(resource) &&
    !NOT_STORED.has(`${resource}.${group}`) &&
    !NOT_STORED.has(`${resource}/${version}`),
)

/** 'group/resource', which names a resource whatever the version. */
export const resourceKey = ({ group, resource }: { readonly group: string; readonly resource: string }): string =>
  `${group}/${resource}`

/** The resource that an established definition serves, in its storage version. */
function servedBy({ spec, status }: CustomResourceDefinition): ResourceRef | undefined {
  const established = status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True')
  const version = spec.versions.find((candidate) => candidate.storage) ?? spec.versions[0]
  if (!established || !version) return undefined
  return {
    group: spec.group,
    version: version.name,
    resource: spec.names.plural,
    kind: spec.names.kind,
    namespaced: spec.scope === 'Namespaced',
  }
}

/** Calls `use` for each resource there is, and for each custom one as it comes. */
export function eachResource(informers: InformerFactory, use: (ref: ResourceRef<KubeObject>) => void): void {
  for (const ref of STORED_RESOURCES) use(ref)
  const known = new Set(STORED_RESOURCES.map(resourceKey))
  const consider = (definition: CustomResourceDefinition) => {
    const ref = servedBy(definition)
    if (!ref || known.has(resourceKey(ref))) return
    known.add(resourceKey(ref))
    use(ref)
  }
  informers.for(customresourcedefinitions).addHandler({ onAdd: consider, onUpdate: consider })
}
