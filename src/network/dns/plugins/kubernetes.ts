import { canonicalAddress } from '../../address.ts'
import { isIPv6 } from '../../packet.ts'
import { parseSelector, requirementsMatch, type LabelMatcher } from '../../../apimachinery/selectors.ts'
import { addressOfReverse, fullName, zoneOf, type DnsRecord, type DnsReply } from '../message.ts'
import { fallthroughOf, soa } from './parts.ts'
import { KubernetesRecords, type KubernetesOptions, type PodMode, type Target } from './kubernetes-records.ts'
import { argumentError, zonesOf, type Handler, type Plugin, type Query, type Setup } from './plugin.ts'
import type { Task } from '../../../sim/task.ts'

const POD_MODES: readonly string[] = ['disabled', 'insecure', 'verified']
/** What a managed cluster does not need; read and left alone. */
const IGNORED = new Set([
  'endpoint',
  'tls',
  'kubeconfig',
  'resyncperiod',
  'startup_timeout',
  'multicluster',
  'upstream',
  'apiserver_qps',
])

function readOptions(setup: Setup): KubernetesOptions & { readonly falls: (name: string) => boolean } {
  const { directive, zones, fail } = setup
  let options: KubernetesOptions = {
    zones: zonesOf(directive.args, zones),
    pods: 'disabled',
    endpointPodNames: false,
    endpoints: true,
    namespaces: [],
    namespaceSelector: undefined,
    serviceSelector: undefined,
    ignoreEmpty: false,
    ttl: 5,
  }
  for (const { words, line } of directive.body) {
    const [property = '', ...args] = words
    const [first = ''] = args
    const need = () => (args.length === 0 ? fail(argumentError(property), line) : undefined)
    if (property === 'pods') {
      if (args.length !== 1) fail(argumentError(property), line)
      if (!POD_MODES.includes(first)) fail(`wrong value for pods: ${first},  must be one of: disabled, verified, insecure`, line)
      options = { ...options, pods: first as PodMode }
    } else if (property === 'ttl') {
      need()
      const ttl = Number(first)
      if (!Number.isInteger(ttl)) fail(`strconv.Atoi: parsing "${first}": invalid syntax`, line)
      if (ttl < 0 || ttl > 3600) fail(`ttl must be in range [0, 3600]: ${ttl}`, line)
      options = { ...options, ttl }
    } else if (property === 'namespaces') {
      need()
      options = { ...options, namespaces: args }
    } else if (property === 'labels' || property === 'namespace_labels') {
      need()
      const wanted = parseSelector(args.join(' '))
      const selector: LabelMatcher = (labels) => requirementsMatch(wanted, labels)
      options = { ...options, [property === 'labels' ? 'serviceSelector' : 'namespaceSelector']: selector }
    } else if (property === 'ignore') {
      if (first !== 'empty_service') fail(`unable to parse ignore value: '${first}'`, line)
      options = { ...options, ignoreEmpty: true }
    } else if (property === 'endpoint_pod_names') options = { ...options, endpointPodNames: true }
    else if (property === 'noendpoints') options = { ...options, endpoints: false }
    else if (property !== 'fallthrough' && !IGNORED.has(property)) fail(`unknown property '${property}'`, line)
  }
  return { ...options, falls: fallthroughOf(directive) }
}

/** CoreDNS plugin/kubernetes. */
export const kubernetes: Plugin = (setup) => {
  const { falls, ...options } = readOptions(setup)
  const records = new KubernetesRecords(setup.world.names, options)
  return (next) =>
    function* (query): Task<DnsReply | null> {
      const zone = zoneOf(query.name, options.zones)
      if (zone === undefined) return yield* next(query)
      const found = yield* answer(query, zone, records, options, setup.resolve)
      if (found === 'no such name') {
        if (falls(query.name)) return yield* next(query)
        const code = setup.world.names.synced() ? 'NXDOMAIN' : 'SERVFAIL'
        return { code, authoritative: true, answers: [], authority: [soa(zone, options.ttl, setup.world.now())] }
      }
      if (found.answers.length > 0) return { code: 'NOERROR', authoritative: true, ...found }
      return { code: 'NOERROR', authoritative: true, answers: [], authority: [soa(zone, options.ttl, setup.world.now())] }
    }
}

type Found = { readonly answers: readonly DnsRecord[]; readonly additional?: readonly DnsRecord[] } | 'no such name'

function* answer(
  query: Query,
  zone: string,
  records: KubernetesRecords,
  { ttl, zones }: KubernetesOptions,
  resolve: Handler,
): Task<Found> {
  const { name, type } = query
  const record = (kind: DnsRecord['type'], data: string): DnsRecord => ({ name, type: kind, ttl, data })
  const address = addressOfReverse(name)
  if (address !== undefined) {
    const primary = zones.find((one) => !one.endsWith('.arpa.')) ?? '.'
    const names = records.reverse(address, primary)
    if (names.length === 0) return 'no such name'
    return { answers: type === 'PTR' ? names.map((one) => record('PTR', one)) : [] }
  }
  if (name.endsWith('.arpa.')) return name === zone ? { answers: [] } : 'no such name'
  if (name === zone && type === 'SOA') return { answers: [soa(zone, ttl, 0)] }
  if (name === zone && type === 'NS') return { answers: [record('NS', `ns.dns.${zone}`)] }
  if (name === `dns-version.${zone}` && type === 'TXT') return { answers: [{ ...record('TXT', '"1.1.0"'), ttl: 28_800 }] }
  const targets = records.find(name, zone)
  if (targets === undefined) return 'no such name'
  const [first] = targets
  if (type === 'SRV')
    return serviceRecords(
      name,
      ttl,
      targets.filter(({ host }) => canonicalAddress(host) !== undefined),
    )
  if (first && canonicalAddress(first.host) === undefined) {
    const cname = record('CNAME', fullName(first.host))
    if (type !== 'A' && type !== 'AAAA') return { answers: type === 'CNAME' ? [cname] : [] }
    const further = query.depth < 8 ? yield* resolve({ ...query, name: cname.data, depth: query.depth + 1 }) : null
    return { answers: [cname, ...(further?.answers ?? [])] }
  }
  if (type !== 'A' && type !== 'AAAA') return { answers: [] }
  const hosts = new Set(targets.map(({ host }) => host).filter((host) => isIPv6(host) === (type === 'AAAA')))
  return { answers: [...hosts].map((host) => record(type, host)) }
}

/** CoreDNS plugin.SRV: equal weights that add up to about 100, and the addresses of the targets. */
function serviceRecords(name: string, ttl: number, targets: readonly Target[]): Found {
  const declared = targets.filter(({ port }) => port !== -1)
  const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.length)))
  const answers = new Map<string, DnsRecord>()
  const additional = new Map<string, DnsRecord>()
  for (const { host, port, name: target } of declared) {
    const data = `0 ${weight} ${port} ${target}`
    answers.set(data, { name, type: 'SRV', ttl, data })
    additional.set(`${target} ${host}`, { name: target, type: isIPv6(host) ? 'AAAA' : 'A', ttl, data: host })
  }
  return { answers: [...answers.values()], additional: [...additional.values()] }
}
