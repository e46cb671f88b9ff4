import type { Simulation } from '../sim/simulation.ts'
import type { Container } from './container.ts'
import { localSockets } from './local-sockets.ts'
import type { PortService } from './program.ts'
import type { SocketFactory } from './sockets.ts'

/** What the kubelet asks for; the shape of the CRI's sandbox config. */
export interface SandboxConfig {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly attempt: number
  readonly hostNetwork: boolean
  readonly hostname: string
  readonly ip: string
}

export interface Sandbox {
  readonly id: string
  readonly attempt: number
  readonly ip: string
  readonly createdMs: number
  ready: boolean
}

/** All that the runtime has of one pod: sandboxes and containers newest first, and the ports of its network. */
export class PodBox {
  readonly sim: Simulation
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly sandboxes: Sandbox[] = []
  readonly containers: Container[] = []
  /** By TCP, and by both where a service takes both (DNS). */
  readonly ports = new Map<number, PortService>()
  /** By UDP alone. */
  readonly udpPorts = new Map<number, PortService>()
  readonly sockets: SocketFactory
  hostname: string
  ip: string
  private readonly watchers = new Set<() => void>()
  private readonly onLifecycle: (uid: string) => void
  private readonly onMemory: (bytes: number) => void

  constructor(
    sim: Simulation,
    config: SandboxConfig,
    onLifecycle: (uid: string) => void,
    onMemory: (bytes: number) => void,
    sockets?: SocketFactory,
  ) {
    this.sockets = sockets ?? ((owner) => localSockets(this, owner))
    this.sim = sim
    this.uid = config.uid
    this.namespace = config.namespace
    this.name = config.name
    this.hostname = config.hostname
    this.ip = config.ip
    this.onLifecycle = onLifecycle
    this.onMemory = onMemory
  }

  portsOf(protocol: 'tcp' | 'udp'): Map<number, PortService> {
    return protocol === 'udp' ? this.udpPorts : this.ports
  }

  /** What answers on a port by a protocol. */
  serviceOn(protocol: 'tcp' | 'udp', port: number): PortService | undefined {
    const service = this.ports.get(port)
    if (protocol === 'tcp') return service
    return this.udpPorts.get(port) ?? (service?.dns ? service : undefined)
  }

  /** Something that a probe may see has changed. */
  changed(): void {
    for (const watcher of this.watchers) watcher()
  }

  lifecycle(): void {
    this.onLifecycle(this.uid)
  }

  addMemory(bytes: number): void {
    if (bytes !== 0) this.onMemory(bytes)
  }

  watch(listener: () => void): () => void {
    this.watchers.add(listener)
    return () => this.watchers.delete(listener)
  }
}
