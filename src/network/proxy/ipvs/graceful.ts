/** Real servers that get no new connections and go when their last one has ended. k8s 1.36: ipvs GracefulTerminationManager. */
import type { Ipvs } from '../../ipvs/ipvs.ts'
import type { RealServer, VirtualServer } from '../../ipvs/server.ts'

/** How often it looks whether some can go. */
export const GRACEFUL_CHECK_MS = 60_000

export class GracefulTermination {
  private readonly ipvs: Ipvs
  private readonly waiting = new Map<string, { readonly server: VirtualServer; readonly real: RealServer }>()

  constructor(ipvs: Ipvs) {
    this.ipvs = ipvs
  }

  get size(): number {
    return this.waiting.size
  }

  has(server: VirtualServer, real: RealServer): boolean {
    return this.waiting.has(nameOf(server, real))
  }

  /** UDP and SCTP servers go at once, TCP ones when nothing is connected any more. */
  delete(server: VirtualServer, real: RealServer): void {
    if (this.tryDelete(server, real)) return
    real.weight = 0
    this.waiting.set(nameOf(server, real), { server, real })
  }

  /** Deletes it now: its endpoint is back, and a new one will take its place. */
  deleteNow(server: VirtualServer, real: RealServer): void {
    this.ipvs.deleteReal(server, real)
    this.waiting.delete(nameOf(server, real))
  }

  /** Deletes those that can go. */
  check(): void {
    for (const [name, { server, real }] of this.waiting) if (this.tryDelete(server, real)) this.waiting.delete(name)
  }

  private tryDelete(server: VirtualServer, real: RealServer): boolean {
    this.ipvs.settle()
    if (!server.reals.includes(real)) return true
    if (server.protocol === 'TCP' && real.active + real.inactive > 0) return false
    this.ipvs.deleteReal(server, real)
    return true
  }
}

function nameOf(server: VirtualServer, real: RealServer): string {
  return `${server.key}/${real.text}`
}
