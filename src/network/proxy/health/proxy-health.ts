/** What kube-proxy answers on its own ports: whether it is well, and how it runs. */
import type { Node } from '../../../apimachinery/generated/types.ts'
import { formatMicroTime } from '../../../sim/time.ts'
import type { Family } from '../changes/service-port.ts'
import type { ServiceHealth } from './service-health.ts'

export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: { readonly [name: string]: string }
}

const JSON_HEADERS = { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' }
/** The cluster autoscaler is about to delete the node. */
const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler'

/** Health by the time that changes wait. k8s 1.36: ProxyHealthServer. */
export class ProxyHealth {
  private readonly now: () => number
  private readonly timeoutMs: number
  private readonly updated = new Map<Family, number>()
  private readonly queued = new Map<Family, number>()

  constructor(now: () => number, timeoutMs: number) {
    this.now = now
    this.timeoutMs = timeoutMs
  }

  /** The rules are as they should be. */
  setUpdated(family: Family): void {
    this.queued.delete(family)
    this.updated.set(family, this.now())
  }

  /** A change waits to be made. */
  setQueued(family: Family): void {
    if (!this.queued.has(family)) this.queued.set(family, this.now())
  }

  isHealthy(family?: Family): boolean {
    const families = family ? [family] : [...this.updated.keys()]
    return families.every((each) => this.now() - (this.queued.get(each) ?? this.now()) < this.timeoutMs)
  }

  /** /healthz: whether traffic should come to this node. */
  healthz(node: Node | undefined): Answer {
    const isEligible =
      node !== undefined &&
      node.metadata.deletionTimestamp === undefined &&
      !node.spec?.taints?.some(({ key }) => key === TO_BE_DELETED)
    return this.answer(this.isHealthy() && isEligible, { nodeEligible: isEligible })
  }

  /** /livez: whether kube-proxy itself works. */
  livez(): Answer {
    return this.answer(this.isHealthy(), {})
  }

  private answer(isWell: boolean, extra: { readonly nodeEligible?: boolean }): Answer {
    const text = (ms: number) => formatMicroTime(ms)
    const last = isWell ? this.now() : Math.max(0, ...this.updated.values())
    const status = Object.fromEntries(
      [...this.updated].map(([family, ms]) => [family, { lastUpdated: text(ms), healthy: this.isHealthy(family) }]),
    )
    const body = { lastUpdated: text(last), currentTime: text(this.now()), ...extra, healthy: this.isHealthy(), status }
    return { status: isWell ? 200 : 503, body: JSON.stringify(body), headers: JSON_HEADERS }
  }
}

/** What a load balancer is told on a Service's health check port. */
export function serviceHealthAnswer(service: string, { localEndpoints }: ServiceHealth, isHealthy: boolean): Answer {
  const [namespace, name] = service.split('/')
  const body = [
    '{',
    '\t"service": {',
    `\t\t"namespace": ${JSON.stringify(namespace)},`,
    `\t\t"name": ${JSON.stringify(name)}`,
    '\t},',
    `\t"localEndpoints": ${localEndpoints},`,
    `\t"serviceProxyHealthy": ${isHealthy}`,
    '}',
  ].join('\n')
  const headers = { ...JSON_HEADERS, 'X-Load-Balancing-Endpoint-Weight': String(localEndpoints) }
  return { status: localEndpoints > 0 && isHealthy ? 200 : 503, body, headers }
}
