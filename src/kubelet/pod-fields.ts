/** Downward API. Source: k8s 1.36 kubelet podFieldSelectorRuntimeValue, api/v1/resource. */
import type { Container, Pod, ResourceFieldSelector } from '../apimachinery/generated/types.ts'
import { milliValue, value } from '../apimachinery/quantity.ts'

export interface NodeResources {
  readonly cpuMilli: number
  readonly memoryBytes: number
  readonly ephemeralStorageBytes: number
}

/** A field of the pod as a text, by its path. */
export function podField(pod: Pod, path: string, podIP: string, hostIP: string): string {
  const { metadata, spec } = pod
  const key = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path)
  if (key) return (key[1] === 'labels' ? metadata.labels : metadata.annotations)?.[key[2] ?? ''] ?? ''
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? ''
    case 'metadata.namespace':
      return metadata.namespace ?? ''
    case 'metadata.uid':
      return metadata.uid ?? ''
    case 'metadata.labels':
      return formatMap(metadata.labels)
    case 'metadata.annotations':
      return formatMap(metadata.annotations)
    case 'spec.nodeName':
      return spec?.nodeName ?? ''
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? ''
    case 'status.hostIP':
    case 'status.hostIPs':
      return hostIP
    case 'status.podIP':
    case 'status.podIPs':
      return podIP
    default:
      return ''
  }
}

const formatMap = (map: { readonly [key: string]: string } | undefined) =>
  Object.entries(map ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${k}=${JSON.stringify(v)}`)
    .join('\n')

/** A container's request or limit in units of the divisor, rounded up; limits default to what the node has. */
export function resourceField(pod: Pod, container: Container, selector: ResourceFieldSelector, node: NodeResources): string {
  const owner = selector.containerName
    ? ([...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find((c) => c.name === selector.containerName) ??
      container)
    : container
  const [kind = '', resource = ''] = selector.resource.split(/\.(.*)/s)
  const limit = owner.resources?.limits?.[resource]
  const text = kind === 'limits' ? limit : owner.resources?.requests?.[resource]
  if (resource === 'cpu') {
    const milli = text ? milliValue(text) : kind === 'limits' ? node.cpuMilli : 0
    return String(Math.ceil(milli / divisor(selector.divisor, 1000, milliValue)))
  }
  const available = resource === 'memory' ? node.memoryBytes : resource === 'ephemeral-storage' ? node.ephemeralStorageBytes : 0
  const bytes = text ? value(text) : kind === 'limits' ? available : 0
  return String(Math.ceil(bytes / divisor(selector.divisor, 1, value)))
}

const divisor = (text: string | undefined, otherwise: number, read: (q: string) => number) =>
  text && text !== '0' ? read(text) : otherwise
