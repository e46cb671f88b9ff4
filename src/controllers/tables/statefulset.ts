/** Adapter between recorded traces of StatefulSets and the functions that they cover. */
import type { ControllerRevision, Pod, StatefulSet, StatefulSetStatus } from '../../apimachinery/generated/types.ts'
import { ordinalOf, revisionOf } from '../statefulset/identity.ts'
import { completeUpdate, planStatefulSet } from '../statefulset/plan.ts'
import { byRevision, chooseRevision } from '../statefulset/revisions.ts'

const NOW_MS = 1_767_225_600_000
const DELETED_AT = '2026-01-01T00:00:00Z'
const MAX_SYNCS = 60

interface TraceInput {
  readonly title: string
  readonly replicas: number
  readonly podManagementPolicy: string
  readonly updateStrategy: string
  readonly ordinalsStart?: number
  readonly partition?: number
  readonly scaleTo?: number
  readonly newImage?: string
  readonly neverReady?: readonly number[]
  readonly neverReadyImage?: string
  readonly change?: string
  readonly secondChange?: string
}

/** A StatefulSet, its pods and the simple kubelet of the recordings. */
class Model {
  private readonly input: TraceInput
  private set: StatefulSet
  private pods: Pod[] = []
  private revisions: ControllerRevision[] = []
  private unready = new Set<number>()
  /** Stays for one sync more. */
  private deletedByHand = ''
  readonly syncs: unknown[] = []

  constructor(input: TraceInput) {
    this.input = input
    const { replicas, podManagementPolicy, updateStrategy, ordinalsStart, partition = 0 } = input
    this.set = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'web', namespace: 'default', uid: 'set', generation: 1 },
      spec: {
        replicas,
        podManagementPolicy,
        serviceName: 'web',
        selector: { matchLabels: { app: 'web' } },
        template: template('nginx:1'),
        updateStrategy:
          updateStrategy === 'OnDelete' ? { type: 'OnDelete' } : { type: 'RollingUpdate', rollingUpdate: { partition } },
        ...(ordinalsStart === undefined ? {} : { ordinals: { start: ordinalsStart } }),
      },
    }
    this.unready = new Set(input.neverReady)
  }

  /** Syncs until nothing changes. */
  settle(record: boolean): void {
    for (let quiet = 0, i = 0; quiet < 2 && i < MAX_SYNCS; i++) {
      const before = this.picture()
      const events = this.sync()
      const after = this.picture()
      const changed = before !== after || events.length > 0
      quiet = changed ? 0 : quiet + 1
      if (changed && record) this.syncs.push({ ...(JSON.parse(after) as object), events })
    }
  }

  apply(change: string): void {
    const spec = this.set.spec
    if (!spec) return
    for (const part of change.split(/, | and /)) {
      const [, pod, what] = /^(web-\d+) (.*)$/.exec(part) ?? []
      if (part.startsWith('image ')) this.set = { ...this.set, spec: { ...spec, template: template(part.slice(6)) } }
      else if (part.startsWith('scale to ')) this.set = { ...this.set, spec: { ...spec, replicas: Number(part.slice(9)) } }
      else if (part.startsWith('ordinals.start '))
        this.set = { ...this.set, spec: { ...spec, ordinals: { start: Number(part.slice(15)) } } }
      else if (part.startsWith('delete ')) {
        this.edit(part.slice(7), terminating)
        this.deletedByHand = part.slice(7)
      } else if (pod && what === 'not ready') {
        this.edit(pod, notReady)
        this.unready.add(Number(pod.slice(4)))
      } else if (pod && what?.startsWith('phase '))
        this.edit(pod, (p) => ({ ...p, status: { ...p.status, phase: what.slice(6), conditions: [] } }))
    }
  }

  private edit(name: string, change: (pod: Pod) => Pod): void {
    this.pods = this.pods.map((pod) => (pod.metadata.name === name ? change(pod) : pod))
  }

  private sync(): string[] {
    const { set, pods } = this
    const { current, update } = this.resolveRevisions()
    const collisionCount = 0
    const plan = planStatefulSet({
      set,
      current,
      update,
      collisionCount,
      pods,
      hasStaleClaim: () => false,
      claimsRetained: () => true,
      nowMs: NOW_MS,
    })
    const leaving = new Set(
      pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && pod.metadata.name !== this.deletedByHand),
    )
    this.deletedByHand = ''
    const events: string[] = []
    for (const { act, pod } of [...plan.actions, ...plan.updates]) {
      const { name = '' } = pod.metadata
      if (act === 'create') this.pods = [...this.pods, this.started(pod)]
      else if (act === 'delete') this.edit(name, terminating)
      else continue
      const verb = act === 'create' ? 'Create' : 'Delete'
      events.push(`Successful${verb} ${verb} Pod ${name} in StatefulSet web successful`)
    }
    this.pods = this.pods.filter((pod) => !leaving.has(pod)).toSorted((a, b) => ordinalOf(a) - ordinalOf(b))
    this.set = { ...set, status: completeUpdate(set, plan.status) }
    return events.toSorted()
  }

  private resolveRevisions() {
    const chosen = chooseRevision(this.set, this.revisions)
    let update = chosen.revision
    if (chosen.choice === 'renumber') {
      update = { ...update, revision: chosen.number }
      this.revisions = this.revisions.map((revision) => (revision.metadata.name === update.metadata.name ? update : revision))
    } else if (chosen.choice === 'create') {
      update = { ...update, metadata: { ...update.metadata, name: `r${this.revisions.length + 1}` } }
      this.revisions = [...this.revisions, update]
    }
    this.revisions.sort(byRevision)
    return {
      current: this.revisions.find(({ metadata }) => metadata.name === this.set.status?.currentRevision) ?? update,
      update,
    }
  }

  private started(pod: Pod): Pod {
    const running: Pod = {
      ...pod,
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: DELETED_AT }] },
    }
    const broken = pod.spec?.containers[0]?.image === this.input.neverReadyImage
    return broken || this.unready.has(ordinalOf(pod)) ? notReady(running) : running
  }

  private picture(): string {
    const {
      replicas = 0,
      readyReplicas = 0,
      availableReplicas = 0,
      currentReplicas = 0,
      updatedReplicas = 0,
    } = this.set.status ?? ({} as Partial<StatefulSetStatus>)
    const { currentRevision, updateRevision } = this.set.status ?? {}
    const state = (pod: Pod) =>
      pod.metadata.deletionTimestamp !== undefined
        ? 'terminating'
        : pod.status?.conditions?.some((c) => c.status === 'True')
          ? 'ready'
          : 'notReady'
    return JSON.stringify({
      pods: this.pods.map((pod) => `${pod.metadata.name ?? ''}@${revisionOf(pod)} ${state(pod)}`),
      status: {
        available: availableReplicas,
        current: currentReplicas,
        currentRevision,
        ready: readyReplicas,
        replicas,
        updateRevision,
        updated: updatedReplicas,
      },
    })
  }
}

const template = (image: string) => ({ metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } })
const terminating = (pod: Pod): Pod => ({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: DELETED_AT } })
const notReady = (pod: Pod): Pod => ({ ...pod, status: { ...pod.status, conditions: [{ type: 'Ready', status: 'False' }] } })

export function statefulSetTrace(input: TraceInput): unknown {
  const model = new Model(input)
  const create = input.title.startsWith('create')
  model.settle(create)
  if (create) return { syncs: model.syncs }
  if (input.newImage) model.apply(`image ${input.newImage}`)
  if (input.scaleTo !== undefined) model.apply(`scale to ${input.scaleTo}`)
  if (input.change) model.apply(input.change)
  model.settle(true)
  if (input.secondChange) {
    model.syncs.push({ pods: ['-- second change --'], events: [], status: {} })
    model.apply(input.secondChange)
    model.settle(true)
  }
  return { syncs: model.syncs }
}
