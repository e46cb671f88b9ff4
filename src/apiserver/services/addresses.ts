import type { IPAddress, Service } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { formatTime } from '../../sim/time.ts'
import type { Registry } from '../rest/context.ts'

const BUCKET = 'ipaddresses.networking.k8s.io'

/** An IPv4 range as numbers. */
export interface ServiceRange {
  readonly text: string
  readonly first: number
  readonly size: number
}

/** '10.96.0.0/12' without its first and last address. */
export function serviceRange(text: string): ServiceRange {
  const [address = '', bits = '0'] = text.split('/')
  const size = 2 ** (32 - Number(bits))
  return { text, first: toNumber(address) + 1, size: Math.max(1, size - 2) }
}

export function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

export function toAddress(n: number): string {
  return [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.')
}

/** Addresses below this are kept for static use: min(max(16, size/16), 256). k8s 1.36: ipallocator calculateRangeOffset. */
function staticBand(size: number): number {
  return size <= 16 ? 0 : Math.min(Math.max(16, size >> 4), 256)
}

/**
 * Cluster addresses. Each one in use is an IPAddress object; the store is the only book.
 * k8s 1.36: ipallocator (MultiCIDRServiceAllocator). SIMPLIFIED: IPv4 only, one ServiceCIDR.
 */
export class ClusterIpBook {
  private readonly registry: Registry
  private readonly range: ServiceRange

  constructor(registry: Registry, range: ServiceRange) {
    this.registry = registry
    this.range = range
  }

  /** The range's own address, which no Service gets. */
  get base(): string {
    return toAddress(this.range.first - 1)
  }

  /** Why this address can't be had, or '' when it can. */
  refusal(address: string): string {
    const n = toNumber(address)
    if (address.includes(':') || n < this.range.first - 1 || n > this.range.first + this.range.size)
      return 'the provided network does not match the current range'
    if (n < this.range.first || n >= this.range.first + this.range.size)
      return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.range.text}`
    return this.taken(address) ? 'provided IP is already allocated' : ''
  }

  /** A free address, or '' when all are gone. The upper band goes first. */
  draw(): string {
    const { first, size } = this.range
    const band = staticBand(size)
    return this.drawFrom(first + band, size - band) || this.drawFrom(first, band)
  }

  private drawFrom(first: number, size: number): string {
    if (size <= 0) return ''
    const start = this.registry.sim.random('apiserver/service-ips').int(size)
    for (let i = 0; i < size; i++) {
      const address = toAddress(first + ((start + i) % size))
      if (!this.taken(address)) return address
    }
    return ''
  }

  private taken(address: string): boolean {
    return this.registry.etcd.get(BUCKET, address) !== undefined
  }

  /** Writes the IPAddress object that says the Service holds this address. */
  hold(address: string, service: Service): void {
    const { sim, etcd } = this.registry
    const { namespace, name } = service.metadata
    const object: IPAddress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name: address,
        uid: this.registry.newUid(),
        creationTimestamp: formatTime(sim.now),
        labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' },
      },
      spec: { parentRef: { resource: 'services', namespace, name: name ?? '' } },
    }
    etcd.put(BUCKET, address, 0, (revision) => withRevision(object, revision), this.writeInfo())
  }

  release(address: string): void {
    const entry = this.registry.etcd.get(BUCKET, address)
    if (entry)
      this.registry.etcd.delete(BUCKET, address, undefined, (revision) => withRevision(entry.value, revision), this.writeInfo())
  }

  private writeInfo() {
    const { sim } = this.registry
    return { timeMs: sim.now, actor: 'system:apiserver', cause: sim.cause }
  }
}

function withRevision<T extends KubeObject>(object: T, revision: number): T {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}
