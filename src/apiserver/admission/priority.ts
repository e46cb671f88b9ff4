import type { Pod, PriorityClass } from '../../apimachinery/generated/types.ts'
import { lookUp, type Registry } from '../rest/context.ts'
import { deny, writes } from './forbid.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'

const BUCKET = 'priorityclasses.scheduling.k8s.io'

interface Computed {
  readonly className: string
  readonly priority: number
  readonly policy: string
}

const defaults = new WeakMap<Registry, { found: PriorityClass | undefined; stale: boolean }>()

/** Looked up for every pod, so it is kept until a class changes. */
function defaultClass(registry: Registry): PriorityClass | undefined {
  let known = defaults.get(registry)
  if (!known) {
    const fresh = { found: undefined, stale: true }
    defaults.set(registry, (known = fresh))
    registry.etcd.watch(BUCKET, () => (fresh.stale = true))
  }
  if (known.stale) {
    known.found = findDefaultClass(registry)
    known.stale = false
  }
  return known.found
}

/** The default class is the one with the lowest value, if several slipped in. */
function findDefaultClass(registry: Registry): PriorityClass | undefined {
  return registry.etcd
    .range(BUCKET)
    .map(({ value }) => value as PriorityClass)
    .filter((c) => c.globalDefault)
    .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0]
}

function compute(attributes: AdmissionAttributes, pod: Pod): Computed {
  const { registry } = attributes.scope
  const name = pod.spec?.priorityClassName ?? ''
  const found = name === '' ? defaultClass(registry) : lookUp<PriorityClass>(registry, BUCKET, '', name)
  if (name !== '' && !found) throw deny(attributes, `no PriorityClass with name ${name} was found`)
  return {
    className: found?.metadata.name ?? '',
    priority: found?.value ?? 0,
    policy: found?.preemptionPolicy ?? 'PreemptLowerPriority',
  }
}

function admit(attributes: AdmissionAttributes): Pod | void {
  const isCreate = writes(attributes, 'pods', 'CREATE')
  if (!isCreate && !writes(attributes, 'pods', 'UPDATE')) return
  const pod = attributes.object as Pod
  if (!isCreate) return keepOld(pod, attributes.old as Pod)
  const { className, priority, policy } = compute(attributes, pod)
  const given = pod.spec?.priority
  if (given !== undefined && given !== priority)
    throw deny(
      attributes,
      `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    )
  const givenPolicy = pod.spec?.preemptionPolicy
  if (givenPolicy !== undefined && givenPolicy !== policy)
    throw deny(
      attributes,
      `the string value of PreemptionPolicy (${givenPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    )
  const spec = { ...(pod.spec ?? { containers: [] }), priority, preemptionPolicy: policy }
  return { ...pod, spec: className === '' ? spec : { ...spec, priorityClassName: className } }
}

/** An update that leaves the numbers out keeps them. */
function keepOld(pod: Pod, old: Pod): Pod | void {
  const { priority, preemptionPolicy } = old.spec ?? {}
  const spec = pod.spec
  if (
    !spec ||
    ((spec.priority !== undefined || priority === undefined) && (spec.preemptionPolicy !== undefined || !preemptionPolicy))
  )
    return
  return {
    ...pod,
    spec: {
      ...spec,
      ...(spec.priority === undefined && priority !== undefined ? { priority } : {}),
      ...(spec.preemptionPolicy === undefined && preemptionPolicy ? { preemptionPolicy } : {}),
    },
  }
}

function validate(attributes: AdmissionAttributes): void {
  if (!writes(attributes, BUCKET, 'CREATE', 'UPDATE')) return
  const wanted = attributes.object as PriorityClass
  if (!wanted.globalDefault) return
  const present = defaultClass(attributes.scope.registry)
  if (present && present.metadata.name !== wanted.metadata.name)
    throw deny(
      attributes,
      `PriorityClass ${present.metadata.name ?? ''} is already marked as default. Only one default can exist`,
    )
}

/** Turns a pod's priority class into its numbers. k8s 1.36: Priority. */
export const priorityAdmission: AdmissionPlugin = { name: 'Priority', buckets: ['pods', BUCKET], admit, validate }
