import { isAlreadyExists, isNotFound } from '../apimachinery/errors.ts'
import { leases } from '../apimachinery/generated/resources.ts'
import type { Lease } from '../apimachinery/generated/types.ts'
import type { Client } from '../client/client.ts'
import type { Task, TaskHandle } from '../sim/task.ts'
import { formatMicroTime } from '../sim/time.ts'

const LEASE_SECONDS = 15
const RETRY_MS = 2000

/**
 * The lease by which one of several equal processes leads. Taken at start, renewed every two seconds for as long as the
 * process lives, and left to expire when it dies. k8s 1.36: client-go leaderelection defaults.
 */
export class LeaderLease {
  private readonly client: Client
  private readonly name: string
  private task: TaskHandle | null = null

  constructor(client: Client, name: string) {
    this.client = client
    this.name = name
  }

  hold(): void {
    this.task = this.client.sim.spawn(this.acquire())
  }

  release(): void {
    this.task?.cancel()
    this.client.heartbeats.end(`kube-system/${this.name}`)
  }

  private *acquire(): Task {
    const now = formatMicroTime(this.client.sim.now)
    const spec = {
      holderIdentity: `control-plane_${this.name}`,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: now,
      renewTime: now,
    }
    let lease: Lease | null = null
    try {
      lease = yield* this.client.get(leases, 'kube-system', this.name)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    try {
      if (lease)
        yield* this.client.update(leases, {
          ...lease,
          spec: { ...spec, leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + 1 },
        })
      else
        yield* this.client.create(leases, {
          metadata: { name: this.name, namespace: 'kube-system' },
          spec: { ...spec, leaseTransitions: 0 },
        })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
    this.client.heartbeats.begin(`kube-system/${this.name}`, RETRY_MS)
  }
}
