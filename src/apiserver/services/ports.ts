import type { Service } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import type { Etcd } from '../../etcd/etcd.ts'
import type { Random } from '../../sim/random.ts'

export const FIRST_NODE_PORT = 30000
export const LAST_NODE_PORT = 32767
/** Dynamic ports come from above the first 86: min(max(16, size/32), 128). k8s 1.36: portallocator calculateRangeOffset. */
const STATIC_BAND = 86

/** The node ports, and health check ports, that Services hold. Follows the store, so nothing is ever forgotten. */
export class NodePortBook {
  private readonly owners = new Map<number, string>()

  constructor(etcd: Etcd) {
    for (const { value } of etcd.range('services')) this.note(value as Service)
    etcd.watch('services', (change) => {
      if (change.previous) this.forget(change.previous as Service)
      if (change.type === 'put') this.note(change.value as Service)
    })
  }

  /** Why this port can't be had, or '' when it can. */
  refusal(port: number): string {
    if (port < FIRST_NODE_PORT || port > LAST_NODE_PORT)
      return `provided port is not in the valid range. The range of valid ports is ${FIRST_NODE_PORT}-${LAST_NODE_PORT}`
    return this.owners.has(port) ? 'provided port is already allocated' : ''
  }

  /** A free port that `taken` doesn't hold either, or 0 when all are gone. The upper band goes first. */
  draw(random: Random, taken: ReadonlySet<number>): number {
    const upper = FIRST_NODE_PORT + STATIC_BAND
    return (
      this.drawFrom(random, upper, LAST_NODE_PORT - upper + 1, taken) ||
      this.drawFrom(random, FIRST_NODE_PORT, STATIC_BAND, taken)
    )
  }

  private drawFrom(random: Random, first: number, size: number, taken: ReadonlySet<number>): number {
    const start = random.int(size)
    for (let i = 0; i < size; i++) {
      const port = first + ((start + i) % size)
      if (!this.owners.has(port) && !taken.has(port)) return port
    }
    return 0
  }

  private note(service: Service): void {
    for (const port of portsOf(service)) this.owners.set(port, keyOf(service))
  }

  private forget(service: Service): void {
    for (const port of portsOf(service)) this.owners.delete(port)
  }
}

/** All ports on the nodes that a Service holds. */
export function portsOf({ spec }: Service): number[] {
  const ports = (spec?.ports ?? []).flatMap((port) => (port.nodePort ? [port.nodePort] : []))
  return spec?.healthCheckNodePort ? [...ports, spec.healthCheckNodePort] : ports
}
