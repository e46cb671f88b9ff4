import { badRequest, notFound, serviceUnavailable } from '../../apimachinery/errors.ts'
import type { EndpointSlice, Node, Pod, Service } from '../../apimachinery/generated/types.ts'
import { lookUp, type Registry } from '../rest/context.ts'
import type { ProxyTarget } from './backend.ts'

/** 'https:name:port' in parts; port may be a name. k8s 1.36: net.SplitSchemeNamePort. */
function splitName(id: string): { readonly scheme: string; readonly name: string; readonly port: string } | undefined {
  const parts = id.split(':')
  if (parts.length === 1) return { scheme: 'http', name: id, port: '' }
  if (parts.length === 2) return { scheme: 'http', name: parts[0] ?? '', port: parts[1] ?? '' }
  const [scheme = '', name = '', port = ''] = parts
  return parts.length === 3 && ['', 'http', 'https'].includes(scheme) ? { scheme: scheme || 'http', name, port } : undefined
}

/** Where a request to pods/NAME/proxy, services/NAME/proxy or nodes/NAME/proxy goes. */
export function proxyTarget(registry: Registry, resource: string, namespace: string, id: string): ProxyTarget {
  const parts = splitName(id)
  if (!parts) throw badRequest(`invalid ${resource.replace(/s$/, '')} request ${JSON.stringify(id)}`)
  if (resource === 'nodes') return nodeTarget(registry, parts)
  return resource === 'pods' ? podTarget(registry, namespace, parts) : serviceTarget(registry, namespace, parts)
}

type Parts = NonNullable<ReturnType<typeof splitName>>

function nodeTarget(registry: Registry, { scheme, name, port }: Parts): ProxyTarget {
  const node = lookUp<Node>(registry, 'nodes', '', name)
  if (!node) throw notFound({ group: '', resource: 'nodes' }, name)
  return { kind: 'node', node, port: Number(port) || 10250, scheme }
}

/** The pod's first container port unless the request names one. k8s 1.36: pod.ResourceLocation. */
function podTarget(registry: Registry, namespace: string, { scheme, name, port }: Parts): ProxyTarget {
  const pod = lookUp<Pod>(registry, 'pods', namespace, name)
  if (!pod) throw notFound({ group: '', resource: 'pods' }, name)
  if (!pod.status?.podIP) throw badRequest('address not allowed')
  const first = pod.spec?.containers.flatMap((c) => c.ports ?? [])[0]?.containerPort
  return { kind: 'pod', pod, port: port === '' ? (first ?? 80) : Number(port), scheme }
}

/** One of the service's ready endpoints, drawn at random. k8s 1.36: service storage ResourceLocation. */
function serviceTarget(registry: Registry, namespace: string, { scheme, name, port }: Parts): ProxyTarget {
  const service = lookUp<Service>(registry, 'services', namespace, name)
  if (!service) throw notFound({ group: '', resource: 'services' }, name)
  let portName = port
  if (/^\d+$/.test(port)) {
    const found = service.spec?.ports?.find((p) => String(p.port) === port)
    if (!found) throw serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(name)}`)
    portName = found.name ?? ''
  }
  const targets = registry.etcd
    .range('endpointslices.discovery.k8s.io', `${namespace}/`)
    .map(({ value }) => value as EndpointSlice)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === name)
    .flatMap((slice) => {
      const number = slice.ports?.find((p) => (p.name ?? '') === portName)?.port
      if (number === undefined) return []
      const ready = (slice.endpoints ?? []).filter((e) => e.conditions?.ready !== false)
      return ready.flatMap((e) => e.addresses.slice(0, 1).map((ip) => ({ ip, port: number })))
    })
  if (targets.length === 0) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`)
  return { kind: 'address', ...registry.sim.random('apiserver/proxy').pick(targets), scheme }
}
