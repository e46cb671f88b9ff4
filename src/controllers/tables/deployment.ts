/** Adapters between recorded tables about Deployments and ReplicaSets and the functions that they cover. */
import { defaultPodTemplate } from '../../apiserver/kinds/shared/pod-spec-defaults.ts'
import type { Deployment, IntOrString, Pod, PodTemplateSpec, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { formatTime } from '../../sim/time.ts'
import { maxSurge, maxUnavailable, minAvailable, resolveFenceposts } from '../deployment/fenceposts.ts'
import { rolloutStatus } from '../deployment/progress.ts'
import { newReplicaSetSize, planScaleDown, planScaleUp } from '../deployment/rolling.ts'
import { applyStep, planScale, scaleMessage, type ScaleStep } from '../deployment/scale.ts'
import { replicasAnnotations } from '../deployment/annotations.ts'
import { sizeOf } from '../deployment/replica-sets.ts'
import { byDeletionPreference, podsPerNode } from '../replicaset/deletion-order.ts'
import { podTemplateHash } from '../shared/hash.ts'

const NOW_MS = 1_767_225_600_000

interface Sizes {
  readonly replicas: number
  readonly maxSurge?: IntOrString
  readonly maxUnavailable?: IntOrString
  readonly strategy?: string
}

function deployment({
  replicas,
  maxSurge: surge,
  maxUnavailable: unavailable = 0,
  strategy = 'RollingUpdate',
}: Sizes): Deployment {
  const rollingUpdate = { maxSurge: surge, maxUnavailable: unavailable }
  return {
    metadata: { name: 'web', generation: 1 },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {},
      progressDeadlineSeconds: 600,
      strategy: strategy === 'Recreate' ? { type: strategy } : { type: strategy, rollingUpdate },
    },
  }
}

function replicaSet(name: string, replicas: number, age: number, status: ReplicaSet['status'] = undefined): ReplicaSet {
  return {
    metadata: { name, uid: name, generation: 1, creationTimestamp: formatTime(NOW_MS - age * 1000) },
    spec: { replicas, selector: {} },
    status,
  }
}

export function fenceposts(input: { desired: number; maxSurge: IntOrString; maxUnavailable: IntOrString }) {
  const d = deployment({ replicas: input.desired, maxSurge: input.maxSurge, maxUnavailable: input.maxUnavailable })
  try {
    const { surge, unavailable } = resolveFenceposts(input.maxSurge, input.maxUnavailable, input.desired)
    return {
      deploymentMaxSurge: maxSurge(d),
      deploymentMaxUnavailable: maxUnavailable(d),
      deploymentMinAvailable: minAvailable(d),
      surge,
      unavailable,
    }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

export function newReplicaSetReplicas(input: Sizes & { newRS: number; oldRSs: readonly number[] | null }) {
  const sets = [...(input.oldRSs ?? []).map((size, i) => replicaSet(`old${i}`, size, i)), replicaSet('new', input.newRS, 0)]
  return { newReplicas: newReplicaSetSize(deployment(input), sets, input.newRS) }
}

/** Runs steps on a set of ReplicaSets; gives the sets after, and the events. */
function carryOut(d: Deployment, sets: readonly ReplicaSet[], steps: readonly ScaleStep[]) {
  const events: string[] = []
  let current = sets
  for (const step of steps) {
    const rs = current.find((set) => set.metadata.name === step.name)
    const changed = rs && applyStep(d, rs, step)
    if (!rs || !changed) continue
    if (sizeOf(rs) !== step.size) events.push(scaleMessage(step.name, sizeOf(rs), step.size))
    current = current.map((set) => (set === rs ? changed : set))
  }
  return { sets: current, events }
}

export function proportionalScale(
  input: Sizes & { newRS: number | null; oldRSs: readonly number[] | null; replicasBefore: number },
) {
  const marks = replicasAnnotations(deployment({ ...input, replicas: input.replicasBefore }))
  const annotated = (rs: ReplicaSet): ReplicaSet => ({ ...rs, metadata: { ...rs.metadata, annotations: marks } })
  const newRS = input.newRS === null ? undefined : annotated(replicaSet('web-new', input.newRS, 0))
  const oldRSs = (input.oldRSs ?? []).map((size, i) => annotated(replicaSet(`web-old${i + 1}`, size, i + 1)))
  const d = deployment(input)
  const outcome = carryOut(d, newRS ? [...oldRSs, newRS] : oldRSs, planScale(d, { newRS, oldRSs }))
  const size = (name: string) => outcome.sets.filter((rs) => rs.metadata.name?.startsWith(name)).map(sizeOf)
  return { events: outcome.events, newRS: size('web-new')[0], oldRSs: size('web-old') }
}

interface RolloutInput extends Sizes {
  readonly firstRollout: boolean
  readonly newPodsBecomeAvailable: boolean
}

/** Gives a ReplicaSet the status that it has once its pods are there and `available` of them count. */
function withPods(rs: ReplicaSet, available: number): ReplicaSet {
  const replicas = sizeOf(rs)
  const status = {
    replicas,
    readyReplicas: available,
    availableReplicas: available,
    observedGeneration: 1,
    terminatingReplicas: 0,
  }
  return { ...rs, status }
}

/** Syncs until neither sizes nor conditions change. */
export function rolloutTrace(input: RolloutInput) {
  let d = deployment(input)
  let newRS = withPods(replicaSet('web-new', 0, 0), 0)
  let old = input.firstRollout ? undefined : withPods(replicaSet('web-old', input.replicas, 100), input.replicas)
  const syncs: unknown[] = []
  for (let last = ''; syncs.length < 200;) {
    const sets = { newRS, oldRSs: old ? [old] : [] }
    const up = planScaleUp(d, sets)
    const { sets: after, events } = carryOut(d, [...sets.oldRSs, newRS], up.length > 0 ? up : planScaleDown(d, sets))
    const status = rolloutStatus(d, sets, NOW_MS)
    d = { ...d, status }
    const there = Math.min(newRS.status?.replicas ?? 0, sizeOf(after.at(-1) ?? newRS))
    newRS = withPods(after.at(-1) ?? newRS, input.newPodsBecomeAvailable ? there : 0)
    old = old && withPods(after[0] ?? old, sizeOf(after[0] ?? old))
    const text = (type: string) => {
      const c = status.conditions?.find((condition) => condition.type === type)
      return c ? `${c.status ?? ''} ${c.reason ?? ''}` : ''
    }
    const state = {
      newRS: sizeOf(newRS),
      oldRS: old ? sizeOf(old) : 0,
      newAvailable: newRS.status?.availableReplicas ?? 0,
      oldAvailable: old?.status?.availableReplicas ?? 0,
      events,
      progressing: text('Progressing'),
      available: text('Available'),
    }
    const key = JSON.stringify(state)
    if (events.length === 0 && key === last) break
    last = JSON.stringify({ ...state, events: [] })
    const { updatedReplicas = 0, availableReplicas = 0, unavailableReplicas = 0 } = status
    syncs.push({ ...state, updatedReplicas, availableReplicas, unavailableReplicas })
  }
  return { syncs }
}

/** The recorded sums were made before the API server adds the deprecated copy of the service account's name. */
export function templateHash(input: { template: PodTemplateSpec; collisionCount?: number }) {
  const template = defaultPodTemplate(input.template)
  if (!template.spec || input.template.spec?.serviceAccount !== undefined)
    return { hash: podTemplateHash(template, input.collisionCount) }
  const { serviceAccount: _, ...spec } = template.spec
  return { hash: podTemplateHash({ ...template, spec }, input.collisionCount) }
}

interface DeletionPod {
  readonly name: string
  readonly uid: string
  readonly nodeName?: string
  readonly phase: string
  readonly ready?: boolean
  readonly readySecondsAgo?: number
  readonly createdSecondsAgo?: number
  readonly restarts?: number
  readonly deletionCost?: string
}

export function deletionOrder(input: { pods: readonly DeletionPod[] }) {
  const pods: Pod[] = input.pods.map((given) => ({
    metadata: {
      name: given.name,
      uid: given.uid,
      ...(given.createdSecondsAgo === undefined
        ? {}
        : { creationTimestamp: formatTime(NOW_MS - given.createdSecondsAgo * 1000) }),
      ...(given.deletionCost === undefined
        ? {}
        : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': given.deletionCost } }),
    },
    spec: { containers: [], nodeName: given.nodeName },
    status: {
      phase: given.phase,
      conditions: given.ready
        ? [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(NOW_MS - (given.readySecondsAgo ?? 0) * 1000) }]
        : [],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: given.restarts ?? 0 }],
    },
  }))
  return { deletionOrder: byDeletionPreference(pods, podsPerNode(pods), NOW_MS).map((pod) => pod.metadata.name) }
}
