import type { Random } from '../../sim/random.ts'
import type { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'

const IMAGES = ['nginx:1.27', 'nginx:1.28', 'redis:7', 'registry.k8s.io/pause:3.10', 'nginx:no-such-tag']

/** Random users and random faults, all drawn from one stream: the same seed does the same. */
export class Chaos {
  private readonly cluster: Cluster
  private readonly random: Random
  private readonly storage: boolean
  private readonly healers: (() => void)[] = []
  /** What was done, for the report of a failing seed. */
  readonly log: string[] = []

  /** `storage`: also with pods on disks; the disk driver has to be there. */
  constructor(cluster: Cluster, storage = false) {
    this.storage = storage
    this.cluster = cluster
    this.random = cluster.sim.random('chaos')
  }

  /** One thing happens. */
  step(): void {
    const action = this.random.pick([
      this.apply,
      this.apply,
      this.scale,
      this.deletePod,
      this.deletePod,
      this.remove,
      this.cordon,
      this.powerCut,
      this.killKubelet,
      this.stopScheduler,
      this.stopControllers,
      this.mend,
      ...(this.storage ? [this.applyStateful, this.applyStateful, this.removeStateful] : []),
    ])
    action.call(this)
  }

  /** Mends every fault, and gives every Deployment an image that exists. */
  heal(): void {
    for (const heal of this.healers.splice(0)) heal()
    // A control plane that had no power has to come back before it can be told anything.
    this.cluster.sim.runFor(5 * 60_000)
    for (const machine of this.cluster.machines()) this.patch(`/api/v1/nodes/${machine.name}`, { spec: { unschedulable: null } })
    for (const name of this.names('deployments.apps')) this.setImage(name, 'nginx:1.27')
  }

  private apply(): void {
    const name = `app-${this.random.int(6)}`
    const image = this.random.pick(IMAGES)
    const replicas = this.random.int(8)
    this.note(`apply ${name} ${image} x${replicas}`)
    const body = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            terminationGracePeriodSeconds: 5,
            containers: [{ name: 'c', image, resources: { requests: { cpu: `${50 + this.random.int(400)}m`, memory: '64Mi' } } }],
          },
        },
      },
    }
    const reply = this.cluster.call({ method: 'POST', path: '/apis/apps/v1/namespaces/default/deployments', body }, ADMIN)
    if (reply.code === 409) this.setImage(name, image)
  }

  private applyStateful(): void {
    const name = `db-${this.random.int(3)}`
    const replicas = this.random.int(3)
    this.note(`apply StatefulSet ${name} x${replicas}`)
    const claim = {
      metadata: { name: 'data' },
      spec: { storageClassName: 'disk', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }
    const container = { name: 'c', image: 'redis:7', volumeMounts: [{ name: 'data', mountPath: '/data' }] }
    const body = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name },
      spec: {
        replicas,
        serviceName: name,
        podManagementPolicy: 'Parallel',
        persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' },
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 5, containers: [container] } },
        volumeClaimTemplates: [claim],
      },
    }
    const path = '/apis/apps/v1/namespaces/default/statefulsets'
    if (this.cluster.call({ method: 'POST', path, body }, ADMIN).code === 409)
      this.patch(`${path}/${name}`, { spec: { replicas } })
  }

  private removeStateful(): void {
    const name = this.any('statefulsets.apps')
    if (!name || this.random.next() < 0.5) return
    this.note(`delete StatefulSet ${name}`)
    this.cluster.call({ method: 'DELETE', path: `/apis/apps/v1/namespaces/default/statefulsets/${name}` }, ADMIN)
  }

  private setImage(name: string, image: string): void {
    this.patch(`/apis/apps/v1/namespaces/default/deployments/${name}`, {
      spec: { template: { spec: { containers: [{ name: 'c', image }] } } },
    })
  }

  private scale(): void {
    const name = this.any('deployments.apps')
    if (name) this.patch(`/apis/apps/v1/namespaces/default/deployments/${name}`, { spec: { replicas: this.random.int(12) } })
  }

  private deletePod(): void {
    const name = this.any('pods')
    if (name) this.cluster.call({ method: 'DELETE', path: `/api/v1/namespaces/default/pods/${name}` }, ADMIN)
  }

  private remove(): void {
    const name = this.any('deployments.apps')
    if (!name || this.random.next() < 0.5) return
    this.note(`delete ${name}`)
    this.cluster.call({ method: 'DELETE', path: `/apis/apps/v1/namespaces/default/deployments/${name}` }, ADMIN)
  }

  private cordon(): void {
    this.patch(`/api/v1/nodes/${this.random.pick([...this.cluster.machines()]).name}`, {
      spec: { unschedulable: this.random.next() < 0.5 ? true : null },
    })
  }

  private powerCut(): void {
    const { name } = this.random.pick([...this.cluster.machines()])
    if (!this.cluster.powerOff(name).ok) return
    this.note(`power off ${name}`)
    this.healers.push(() => this.cluster.powerOn(name))
  }

  private killKubelet(): void {
    const host = this.random.pick([...this.cluster.machines()])
    if (!host.powered || !host.kubelet.running) return
    this.note(`kill the kubelet of ${host.name}`)
    host.kubelet.stop()
    this.healers.push(() => host.powered && host.kubelet.start())
  }

  private stopScheduler(): void {
    // In a cluster with a control plane of its own the process belongs to its container.
    if (!this.cluster.isExternal) return
    this.note('stop the scheduler')
    this.cluster.scheduler.stop()
    this.healers.push(() => this.cluster.scheduler.start())
  }

  private stopControllers(): void {
    if (!this.cluster.isExternal) return
    this.note('stop the controllers')
    this.cluster.controllers.stop()
    this.healers.push(() => this.cluster.controllers.start())
  }

  private mend(): void {
    this.healers.shift()?.()
  }

  private patch(path: string, body: object): void {
    this.cluster.call({ method: 'PATCH', path, body, contentType: 'application/strategic-merge-patch+json' }, ADMIN)
  }

  private names(bucket: string): string[] {
    return this.cluster.etcd.range(bucket, 'default/').map((entry) => entry.value.metadata.name ?? '')
  }

  private any(bucket: string): string | undefined {
    const names = this.names(bucket)
    return names.length > 0 ? this.random.pick(names) : undefined
  }

  private note(text: string): void {
    this.log.push(`${((this.cluster.sim.now - this.cluster.sim.startTimeMs) / 1000).toFixed(1)} s: ${text}`)
  }
}

/** Runs one seed: `minutes` of chaos, then peace. Gives what broke and what did not settle. */
export function runChaos(cluster: Cluster, minutes: number, check: () => void, storage = false): Chaos {
  const chaos = new Chaos(cluster, storage)
  const end = cluster.sim.now + minutes * 60_000
  while (cluster.sim.now < end) {
    chaos.step()
    cluster.sim.runFor(500 + cluster.sim.random('chaos/pace').int(30_000))
    check()
  }
  chaos.heal()
  return chaos
}
