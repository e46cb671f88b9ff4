import { modelByName, type Model, type Type } from '../../apimachinery/schema/schema.ts'
import type { ResourceInfo, ResourceTable } from '../resources.ts'

/** Models that every group shares. */
const META = new Set(
  'APIGroup APIGroupList APIResource APIResourceList APIVersions Condition DeleteOptions FieldSelectorRequirement GroupVersionForDiscovery LabelSelector LabelSelectorRequirement ListMeta ManagedFieldsEntry ObjectMeta OwnerReference Preconditions ServerAddressByClientCIDR ShardInfo Status StatusCause StatusDetails'.split(
    ' ',
  ),
)
const META_PACKAGE = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const MODEL = /^([A-Z][a-z]+)?V(\d+(?:(?:alpha|beta)\d+)?)([A-Z].*)$/

const OTHER_PACKAGES: { readonly [group: string]: string } = {
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
}

function packageOf(group: string, version: string): string {
  const first = group === '' ? 'core' : (group.split('.', 1)[0] ?? '')
  return `${OTHER_PACKAGES[first] ?? `io.k8s.api.${first}`}.v${version}`
}

/** Models below a type. */
function modelsIn(type: Type): Model[] {
  if (type.kind === 'struct') return [type.model]
  if (type.kind === 'list') return modelsIn(type.items)
  return type.kind === 'map' ? modelsIn(type.values) : []
}

/** Every model that can be reached from these, themselves included. */
export function reachable(roots: readonly Model[]): Map<string, Model> {
  const found = new Map<string, Model>()
  const queue = [...roots]
  for (let model = queue.pop(); model; model = queue.pop()) {
    if (found.has(model.name)) continue
    found.set(model.name, model)
    for (const field of model.fields.values()) queue.push(...modelsIn(field.type))
  }
  return found
}

/** Bodies of subresources, by the group and version that define them. */
const EXTRA_ROOTS: readonly (readonly [group: string, model: string])[] = [
  ['autoscaling', 'V1Scale'],
  ['policy', 'V1Eviction'],
  ['authentication.k8s.io', 'AuthenticationV1TokenRequest'],
]

/** Models of core that only other groups use. */
const IN_CORE = new Set(['V1TopologySelectorLabelRequirement', 'V1TopologySelectorTerm'])

let homes: Map<string, string> | undefined

/** 'V1PodSpec' to 'io.k8s.api.core.v1.PodSpec'. A model belongs to the first group that uses it, core first. */
function homeOf(resources: ResourceTable, model: string): string {
  if (!homes) {
    homes = new Map()
    const builtIn = [...resources.all()].filter((info) => !info.custom && info.model)
    const ordered: (readonly [string, string])[] = builtIn
      .sort((a, b) => (a.group === '' ? 0 : 1) - (b.group === '' ? 0 : 1))
      .map((info) => [info.group, info.model] as const)
    for (const [group, root] of [...ordered, ...EXTRA_ROOTS])
      for (const name of reachable([modelByName(root)]).keys()) if (!homes.has(name)) homes.set(name, group)
  }
  return IN_CORE.has(model) ? '' : (homes.get(model) ?? '')
}

/** The name of a model's schema in OpenAPI documents. */
export function schemaName(resources: ResourceTable, model: string): string {
  const [, prefix, version = '1', name = model] = MODEL.exec(model) ?? []
  if (!prefix && META.has(name)) return `${META_PACKAGE}.${name}`
  if (prefix) return `${packageOf(prefix.toLowerCase(), version)}.${name}`
  return `${packageOf(homeOf(resources, model), version)}.${name}`
}

/** 'com.example.stable.v1.CronTab' for a custom resource. */
export function customSchemaName(info: ResourceInfo): string {
  return `${[...info.group.split('.').reverse(), info.version].join('.')}.${info.kind}`
}
