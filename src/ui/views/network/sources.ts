import type { NetTopology, PacketProtocol, PacketQuestion, PacketSource } from '../../../worker/network/protocol.ts'
import { PACKET_PROTOCOLS } from '../../../worker/network/protocol.ts'
import type { Draft } from './store.ts'

/** 'pod:default/web' and the like, as the URL has it. */
export function sourceId(source: PacketSource): string {
  switch (source.kind) {
    case 'pod':
      return `pod:${source.namespace}/${source.name}`
    case 'node':
      return `node:${source.name}`
    case 'outside':
      return 'outside'
  }
}

export function parseSource(id: string): PacketSource | null {
  if (id === 'outside') return { kind: 'outside' }
  if (id.startsWith('node:') && id.length > 5) return { kind: 'node', name: id.slice(5) }
  const slash = id.indexOf('/')
  if (!id.startsWith('pod:') || slash < 5 || slash === id.length - 1) return null
  return { kind: 'pod', namespace: id.slice(4, slash), name: id.slice(slash + 1) }
}

export function parseProtocol(text: string): PacketProtocol {
  return PACKET_PROTOCOLS.find((known) => known === text) ?? 'http'
}

/** Null as long as something is missing. */
export function questionOf({ from, to, protocol, port, method, path }: Draft): PacketQuestion | null {
  const source = parseSource(from)
  const target = to.trim()
  if (!source || target === '') return null
  const number = Number(port)
  return {
    source,
    target,
    protocol,
    port: Number.isInteger(number) && number > 0 && number < 65_536 ? number : 0,
    method: method === '' ? 'GET' : method,
    path: path.startsWith('/') ? path : `/${path}`,
  }
}

/** Protocols that have a path, a port. */
export function hasPath(protocol: PacketProtocol): boolean {
  return protocol === 'http' || protocol === 'https'
}
export function hasPort(protocol: PacketProtocol): boolean {
  return protocol !== 'icmp' && protocol !== 'dns'
}

export interface Suggestion {
  readonly value: string
  readonly about: string
}

/** What can be sent to: services by name, address and port, node ports, pods, nodes. */
export function targetSuggestions(topology: NetTopology, from: string): readonly Suggestion[] {
  const source = parseSource(from)
  const home = source?.kind === 'pod' ? source.namespace : undefined
  const out: Suggestion[] = []
  for (const { namespace, name, type, clusterIP, ports, external } of topology.services) {
    const host = namespace === home ? name : `${name}.${namespace}`
    const about = `${type} ${clusterIP}`
    for (const { port, protocol, nodePort } of ports) {
      const suffix = port === 80 ? '' : `:${port}`
      if (home !== undefined) out.push({ value: protocol === 'TCP' ? urlOf(host, port) : host, about })
      if (clusterIP !== '' && clusterIP !== 'None') out.push({ value: `${clusterIP}${suffix}`, about: `${namespace}/${name}` })
      const node = topology.nodes[0]
      if (nodePort > 0 && node) out.push({ value: `http://${node.address}:${nodePort}/`, about: `NodePort ${namespace}/${name}` })
      for (const address of external) out.push({ value: `${address}${suffix}`, about: `${namespace}/${name}` })
    }
    if (ports.length === 0 && home !== undefined) out.push({ value: host, about })
  }
  for (const { namespace, name, ip, hostNetwork } of topology.pods)
    if (ip !== '' && !hostNetwork) out.push({ value: ip, about: `Pod ${namespace}/${name}` })
  for (const { name, address } of topology.nodes) out.push({ value: address, about: `Node ${name}` })
  return out
}

function urlOf(host: string, port: number): string {
  if (port === 443) return `https://${host}/`
  return port === 80 ? `http://${host}/` : `http://${host}:${port}/`
}

/** The pod that most likely wants to send: one of the user's own before one of the system's. */
export function likelySource(topology: NetTopology): string {
  const able = topology.pods.filter(({ ready, hostNetwork }) => ready && !hostNetwork)
  const own = able.find(({ namespace, name }) => namespace !== 'kube-system' && /client|curl|busybox|test/.test(name))
  const pod = own ?? able.find(({ namespace }) => namespace !== 'kube-system')
  const node = topology.nodes.at(-1)
  if (pod) return sourceId({ kind: 'pod', namespace: pod.namespace, name: pod.name })
  return node ? sourceId({ kind: 'node', name: node.name }) : 'outside'
}

export interface Preset {
  readonly id: string
  readonly draft: Draft
}

/** Packets worth sending as the cluster is. */
export function presetsOf(topology: NetTopology): readonly Preset[] {
  const from = likelySource(topology)
  const home = parseSource(from)
  const service =
    topology.services.find(
      (each) => home?.kind === 'pod' && each.namespace === home.namespace && each.endpoints > 0 && each.name !== 'kubernetes',
    ) ?? topology.services.find(({ name, namespace }) => name === 'kubernetes' && namespace === 'default')
  const make = (id: string, change: Partial<Draft>): Preset => ({
    id,
    draft: { from, to: '', protocol: 'http', port: '', method: 'GET', path: '/', ...change },
  })
  const out: Preset[] = []
  const port = service?.ports.find(({ protocol }) => protocol === 'TCP')
  if (service && port) {
    const host =
      home?.kind === 'pod'
        ? home.namespace === service.namespace
          ? service.name
          : `${service.name}.${service.namespace}`
        : service.clusterIP
    out.push(make('service', { to: urlOf(host, port.port) }))
    out.push(make('address', { to: service.clusterIP, protocol: 'tcp', port: String(port.port) }))
  }
  if (home?.kind === 'pod') {
    out.push(make('name', { to: 'kubernetes.default', protocol: 'dns' }))
    out.push(make('world', { to: 'example.com', protocol: 'dns' }))
  }
  const other = topology.pods.find(
    ({ namespace, name, node, hostNetwork, ip }) =>
      !hostNetwork && ip !== '' && sourceId({ kind: 'pod', namespace, name }) !== from && node !== nodeOf(topology, from),
  )
  if (other) out.push(make('ping', { to: other.ip, protocol: 'icmp' }))
  const nodePort = topology.services.flatMap(({ ports }) => ports).find((each) => each.nodePort > 0)
  const node = topology.nodes.at(-1)
  if (nodePort && node) out.push(make('nodePort', { from: 'outside', to: `http://${node.address}:${nodePort.nodePort}/` }))
  out.push(make('nobody', { to: '10.0.99.99', protocol: 'tcp', port: '80' }))
  return out
}

function nodeOf(topology: NetTopology, id: string): string {
  const source = parseSource(id)
  if (source?.kind !== 'pod') return source?.kind === 'node' ? source.name : ''
  return topology.pods.find(({ namespace, name }) => namespace === source.namespace && name === source.name)?.node ?? ''
}
