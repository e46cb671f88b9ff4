import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Pod, PodSpec, RuntimeClass } from '../../apimachinery/generated/types.ts'
import { lookUp } from '../rest/context.ts'
import { deny, writes } from './forbid.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'

function classOf(attributes: AdmissionAttributes): RuntimeClass | undefined {
  const name = (attributes.object as Pod).spec?.runtimeClassName
  if (!name) return undefined
  const found = lookUp<RuntimeClass>(attributes.scope.registry, 'runtimeclasses.node.k8s.io', '', name)
  if (!found) throw deny(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`)
  return found
}

function admit(attributes: AdmissionAttributes): Pod | void {
  if (!writes(attributes, 'pods', 'CREATE')) return
  const pod = attributes.object as Pod
  const runtime = classOf(attributes)
  if (!runtime) return
  let spec: PodSpec = pod.spec ?? { containers: [] }
  const fixed = runtime.overhead?.podFixed
  if (fixed) {
    if (spec.overhead && !jsonEqual(spec.overhead, fixed))
      throw deny(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
    spec = { ...spec, overhead: fixed }
  }
  const { nodeSelector, tolerations } = runtime.scheduling ?? {}
  for (const [key, value] of Object.entries(nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key]
    if (own !== undefined && own !== value)
      throw deny(
        attributes,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      )
  }
  if (nodeSelector) spec = { ...spec, nodeSelector: { ...spec.nodeSelector, ...nodeSelector } }
  if (tolerations?.length) {
    const own = spec.tolerations ?? []
    spec = { ...spec, tolerations: [...own, ...tolerations.filter((t) => !own.some((o) => jsonEqual(o, t)))] }
  }
  return { ...pod, spec }
}

function validate(attributes: AdmissionAttributes): void {
  if (!writes(attributes, 'pods', 'CREATE')) return
  const { overhead } = (attributes.object as Pod).spec ?? {}
  if (overhead && !classOf(attributes)?.overhead)
    throw deny(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
}

/** Applies a pod's runtime class. k8s 1.36: RuntimeClass. */
export const runtimeClassAdmission: AdmissionPlugin = { name: 'RuntimeClass', buckets: ['pods'], admit, validate }
