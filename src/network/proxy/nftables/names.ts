/** Names of kube-proxy's chains and sets in nftables mode. k8s 1.36: pkg/proxy/nftables hashAndTruncate. */
import type { EndpointInfo } from '../changes/endpoint.ts'
import type { ServicePortInfo } from '../changes/service-port.ts'
import { digest32 } from '../base32.ts'

const HASH_LENGTH = 8
/** An nft name has at most 256 characters, the longest prefix takes 16. */
const BASE_LIMIT = 240
const MEMORY_LIMIT = 200_000
const known = new Map<string, string>()

function withHash(name: string): string {
  let text = known.get(name)
  if (text === undefined) {
    text = `${digest32(name, HASH_LENGTH)}-${name}`
    if (text.length > BASE_LIMIT) text = `${text.slice(0, BASE_LIMIT - 3)}...`
    if (known.size >= MEMORY_LIMIT) known.clear()
    known.set(name, text)
  }
  return text
}

/** 'namespace/name/tcp/port'. */
function portPath({ service, label, protocol }: ServicePortInfo): string {
  return `${service}/${protocol.toLowerCase()}/${label.slice(service.length + 1)}`
}

/** service- (policy Cluster), local- (policy Local), external- (external traffic), firewall- (source ranges). */
export function serviceChain(kind: 'service' | 'local' | 'external' | 'firewall', port: ServicePortInfo): string {
  return `${kind}-${withHash(portPath(port))}`
}

/** endpoint- (its chain, with session affinity only), affinity- (the set of its clients). */
export function endpointName(kind: 'endpoint' | 'affinity', port: ServicePortInfo, endpoint: EndpointInfo): string {
  return `${kind}-${withHash(`${portPath(port)}__${endpoint.ip.replaceAll(':', '.')}/${endpoint.port}`)}`
}

/** Whether a chain was made for a service port or endpoint: the fixed ones have no slash in their names. */
export function isServiceChainName(name: string): boolean {
  return name.includes('/')
}
