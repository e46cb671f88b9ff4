/**
 * kube-proxy with many Services, in each mode. Arguments: Services, nodes. Prints one JSON line: per node, how long the first
 * sync, a change of a Service's endpoints and a new Service take (milliseconds), and memory.
 */
import type { EndpointSlice, Service } from '../../src/apimachinery/generated/types.ts'
import { Netns } from '../../src/network/link/netns.ts'
import { installNetfilter } from '../../src/network/netfilter/install.ts'
import { parseProxyConfig, PROXY_MODES, type ProxyMode } from '../../src/network/proxy/config.ts'
import { makeProxier } from '../../src/network/proxy/make-proxier.ts'
import type { Proxier } from '../../src/network/proxy/proxier.ts'

const services = Number(process.argv[2] ?? 10_000)
const nodes = Number(process.argv[3] ?? 100)
const ENDPOINTS = 3
const CHANGES = 20

function service(i: number): Service {
  const clusterIP = `10.${96 + Math.floor(i / 65_536)}.${Math.floor(i / 256) % 256}.${i % 256}`
  return {
    metadata: { namespace: 'default', name: `svc-${i}` },
    spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP' }] },
  }
}

function slice(i: number, version: number): EndpointSlice {
  const endpoints = Array.from({ length: ENDPOINTS + (version % 2) }, (_, n) => ({
    addresses: [`10.${128 + ((i * 5 + n) % 64)}.${Math.floor(i / 256) % 256}.${i % 256}`],
    nodeName: `node-${(i + n) % nodes}`,
    conditions: { ready: true, serving: true, terminating: false },
  }))
  return {
    metadata: { namespace: 'default', name: `svc-${i}-a`, labels: { 'kubernetes.io/service-name': `svc-${i}` } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints,
  }
}

function proxierOf(mode: ProxyMode, node: number, clock: { ms: number }): Proxier {
  const netns = new Netns(`node-${node}`)
  const address = `10.0.${Math.floor(node / 250)}.${(node % 250) + 1}`
  netns.addDevice({ name: 'eth0', kind: 'physical', mac: '', mtu: 1500, up: true, addresses: [`${address}/16`] })
  const now = () => clock.ms
  return makeProxier(parseProxyConfig(`kind: KubeProxyConfiguration\nmode: ${mode}\nclusterCIDR: 10.128.0.0/10`), 'IPv4', {
    netns,
    parts: installNetfilter(netns, { now }),
    place: { nodeName: `node-${node}`, zone: '' },
    nodeIPs: { IPv4: address, IPv6: '' },
    podCIDRs: [],
    now,
  })
}

/** Milliseconds of CPU that a thing takes. */
function cost(action: () => void): number {
  const began = process.cpuUsage()
  action()
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1000
}

/** Exact only when run with --expose-gc. */
function heapBytes(): number {
  ;(globalThis as { gc?: () => void }).gc?.()
  return process.memoryUsage().heapUsed
}

const out: Record<string, number> = {}
const list = Array.from({ length: services }, (_, i) => service(i))
const slices = list.map((_, i) => slice(i, 0))
for (const mode of PROXY_MODES) {
  const clock = { ms: 0 }
  const before = heapBytes()
  const proxiers = Array.from({ length: nodes }, (_, node) => proxierOf(mode, node, clock))
  const fill = (proxier: Proxier) => {
    for (const each of list) proxier.state.serviceChanged(each)
    for (const each of slices) proxier.state.sliceChanged(each)
    proxier.sync()
  }
  const [first] = proxiers
  out[`${mode}FirstNodeMs`] = first ? cost(() => fill(first)) : 0
  out[`${mode}FullSyncMs`] = cost(() => proxiers.slice(1).forEach(fill)) / Math.max(1, nodes - 1)
  let endpointsMs = 0
  let serviceMs = 0
  for (let change = 1; change <= CHANGES; change++) {
    const changed = slice(change * 7, change)
    const added = service(services + change)
    clock.ms += 2000
    endpointsMs += cost(() => {
      for (const proxier of proxiers) {
        proxier.state.sliceChanged(changed)
        proxier.sync()
      }
    })
    clock.ms += 2000
    serviceMs += cost(() => {
      for (const proxier of proxiers) {
        proxier.state.serviceChanged(added)
        proxier.sync()
      }
    })
  }
  out[`${mode}EndpointsMs`] = endpointsMs / CHANGES / nodes
  out[`${mode}ServiceMs`] = serviceMs / CHANGES / nodes
  out[`${mode}NodeMegabytes`] = (heapBytes() - before) / 1e6 / nodes
}
console.log(JSON.stringify(Object.fromEntries(Object.entries(out).map(([name, value]) => [name, Number(value.toFixed(3))]))))
