/** One address family of a running kube-proxy: when its rules are made, and mended. */
import type { EndpointSlice, Service } from '../../apimachinery/generated/types.ts'
import type { Simulation, Timer } from '../../sim/simulation.ts'
import type { ConntrackTable } from '../conntrack/table.ts'
import type { Family } from './changes/service-port.ts'
import type { NodePlace } from './changes/topology.ts'
import type { ProxyConfig } from './config.ts'
import { staleConnections } from './conntrack-cleanup.ts'
import type { ProxyHealth } from './health/proxy-health.ts'
import { serviceHealth, type ServiceHealth } from './health/service-health.ts'
import { IptablesProxier } from './iptables/proxier.ts'
import { GRACEFUL_CHECK_MS } from './ipvs/graceful.ts'
import { IpvsProxier } from './ipvs/proxier.ts'
import type { LogValue, Severity } from './klog.ts'
import type { Proxier } from './proxier.ts'
import { SyncRunner } from './sync-runner.ts'

export interface FamilyProxyOptions {
  readonly sim: Simulation
  readonly family: Family
  readonly proxier: Proxier
  readonly config: ProxyConfig
  readonly nodeName: string
  readonly startedMs: number
  readonly conntrack: ConntrackTable
  readonly health: ProxyHealth
  readonly say: (severity: Severity, place: string, message: string, values: { readonly [name: string]: LogValue }) => void
  /** Health check ports or their answers have changed. */
  readonly onHealth: () => void
}

export class FamilyProxy {
  readonly family: Family
  readonly proxier: Proxier
  /** Services with a health check port. */
  health: ReadonlyMap<string, ServiceHealth> = new Map()
  /** Syncs so far, and when the last one was. */
  syncs = 0
  lastSyncMs = 0
  private readonly options: FamilyProxyOptions
  private readonly runner: SyncRunner
  private isReady = false
  private mending: Timer | null = null
  private mendingAtMs = 0
  private graceful: Timer | null = null

  constructor(options: FamilyProxyOptions) {
    this.options = options
    this.family = options.family
    this.proxier = options.proxier
    const { minSyncPeriodMs, syncPeriodMs } = options.config
    this.runner = new SyncRunner(options.sim, minSyncPeriodMs, syncPeriodMs, () => this.sync())
    options.health.setUpdated(this.family)
  }

  /** All Services and slices are known: the first rules are made now. */
  begin(): void {
    this.isReady = true
    this.request()
  }

  stop(): void {
    this.isReady = false
    this.runner.stop()
    this.mending?.cancel()
    this.graceful?.cancel()
  }

  serviceChanged(service: Service): void {
    if (this.proxier.state.serviceChanged(service)) this.request()
  }

  serviceDeleted(service: Service): void {
    if (this.proxier.state.serviceDeleted(service)) this.request()
  }

  sliceChanged(slice: EndpointSlice): void {
    if (this.proxier.state.sliceChanged(slice)) this.request()
  }

  sliceDeleted(slice: EndpointSlice): void {
    if (this.proxier.state.sliceDeleted(slice)) this.request()
  }

  setPlace(place: NodePlace): void {
    this.proxier.setPlace(place)
    this.request()
  }

  readonly request = (): void => {
    if (!this.isReady) return
    this.options.health.setQueued(this.family)
    this.runner.request()
  }

  /** Has anybody else changed the rules? Then they will be mended when the real one would notice. */
  look(): void {
    if (!this.isReady || !this.proxier.isDisturbed()) return
    const { sim } = this.options
    const dueMs = sim.now + this.mendsAfterMs()
    if (this.mending && this.mendingAtMs <= dueMs) return
    this.mending?.cancel()
    this.mendingAtMs = dueMs
    this.mending = sim.schedule(dueMs - sim.now, () => this.mend())
  }

  /** Looks come at whole sync periods. */
  private mendsAfterMs(): number {
    const { sim, startedMs, config } = this.options
    const after = this.proxier.mendsAfterMs()
    return after > config.syncPeriodMs ? after : config.syncPeriodMs - ((sim.now - startedMs) % config.syncPeriodMs)
  }

  private mend(): void {
    this.mending = null
    if (this.proxier instanceof IptablesProxier) this.proxier.ensureCanary()
    this.proxier.needFullSync()
    this.request()
  }

  private sync(): boolean {
    const { sim, say, health, onHealth, nodeName } = this.options
    const result = this.proxier.sync()
    this.syncs++
    this.lastSyncMs = sim.now
    for (const [severity, place, message, values] of result.log) say(severity, place, message, values ?? {})
    if (!result.ok) return false
    health.setUpdated(this.family)
    if (result.full) this.mended()
    if (result.conntrackCleanup) this.cleanConntrack()
    const now = serviceHealth(this.proxier.state, nodeName)
    if (now.size > 0 || this.health.size > 0) {
      this.health = now
      onHealth()
    }
    this.watchGraceful()
    return true
  }

  private mended(): void {
    this.mending?.cancel()
    this.mending = null
  }

  private cleanConntrack(): void {
    const { conntrack } = this.options
    for (const connection of staleConnections(conntrack.list(), this.proxier.state)) conntrack.delete(connection)
  }

  /** Once a minute while servers wait for their last connections to end. */
  private watchGraceful(): void {
    const { proxier } = this
    if (!(proxier instanceof IpvsProxier) || this.graceful || proxier.graceful.size === 0) return
    const { sim, startedMs } = this.options
    const after = GRACEFUL_CHECK_MS - ((sim.now - startedMs) % GRACEFUL_CHECK_MS)
    this.graceful = sim.schedule(after, () => {
      this.graceful = null
      proxier.graceful.check()
      this.watchGraceful()
    })
  }
}
