import type { KindCount } from '../../worker/protocol.ts'

/** Headings of the kinds tree, in order; titles are in shell:kinds. */
export const KIND_GROUPS = ['workloads', 'network', 'config', 'storage', 'cluster', 'access', 'other'] as const
export type KindGroup = (typeof KIND_GROUPS)[number]

/** In the order people look for them; kinds not named here stand under 'other' by name. */
const PLACES: { readonly [group in Exclude<KindGroup, 'other'>]: readonly string[] } = {
  workloads: [
    'pods',
    'deployments',
    'replicasets',
    'statefulsets',
    'daemonsets',
    'jobs',
    'cronjobs',
    'horizontalpodautoscalers',
    'poddisruptionbudgets',
  ],
  network: ['services', 'endpointslices', 'ingresses', 'ingressclasses', 'networkpolicies'],
  config: ['configmaps', 'secrets', 'resourcequotas', 'limitranges', 'priorityclasses'],
  storage: ['persistentvolumeclaims', 'persistentvolumes', 'storageclasses', 'volumeattachments', 'csidrivers', 'csinodes'],
  cluster: ['nodes', 'namespaces', 'events', 'leases', 'runtimeclasses', 'customresourcedefinitions', 'apiservices'],
  access: ['serviceaccounts', 'roles', 'rolebindings', 'clusterroles', 'clusterrolebindings', 'certificatesigningrequests'],
}
const PLACE_OF = new Map(
  Object.entries(PLACES).flatMap(([group, resources]) => resources.map((resource, at) => [resource, { group, at }] as const)),
)

/** The kinds under their headings; headings without kinds are left out. A resource served by two groups is listed twice. */
export function groupKinds(
  kinds: readonly KindCount[],
): readonly { readonly group: KindGroup; readonly kinds: readonly KindCount[] }[] {
  const place = (kind: KindCount): number => PLACE_OF.get(kind.resource)?.at ?? Number.MAX_SAFE_INTEGER
  return KIND_GROUPS.map((group) => ({
    group,
    kinds: kinds
      .filter((kind) => (PLACE_OF.get(kind.resource)?.group ?? 'other') === group)
      .toSorted((a, b) => place(a) - place(b) || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0)),
  })).filter((section) => section.kinds.length > 0)
}

/** Whether the text names the kind as kubectl would take it: kind, plural, short name, or the beginning of one. */
export function kindMatches(kind: KindCount, text: string): boolean {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return true
  const names = [kind.kind.toLowerCase(), kind.resource, ...kind.shortNames]
  return names.some((name) => name.startsWith(wanted)) || (wanted.length > 2 && kind.resource.includes(wanted))
}
