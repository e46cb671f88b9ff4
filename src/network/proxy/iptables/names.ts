/** Names of kube-proxy's chains. k8s 1.36: pkg/proxy/iptables portProtoHash, servicePortEndpointChainName. */
import type { ServicePortInfo } from '../changes/service-port.ts'
import { digest32 } from '../base32.ts'

const HASH_LENGTH = 16
/** 'default/webtcp' and the like to their hashes: the same on all nodes. */
const MEMORY_LIMIT = 200_000
const hashes = new Map<string, string>()

function hash(text: string): string {
  const known = hashes.get(text)
  if (known !== undefined) return known
  const made = digest32(text, HASH_LENGTH)
  if (hashes.size >= MEMORY_LIMIT) hashes.clear()
  hashes.set(text, made)
  return made
}

/** KUBE-SVC- (policy Cluster), KUBE-SVL- (policy Local), KUBE-EXT- (external traffic), KUBE-FW- (source ranges). */
export function serviceChain(kind: 'SVC' | 'SVL' | 'EXT' | 'FW', { label, protocol }: ServicePortInfo): string {
  return `KUBE-${kind}-${hash(label + protocol.toLowerCase())}`
}

export function endpointChain({ label, protocol }: ServicePortInfo, endpoint: string): string {
  return `KUBE-SEP-${hash(label + protocol.toLowerCase() + endpoint)}`
}

/** Whether a chain of the nat table has a name of one that is made for a service port or endpoint. */
export function isServiceChainName(name: string): boolean {
  return /^KUBE-(SVC|SVL|SEP|FW|EXT)-/.test(name)
}
