import { parseQuantity, QuantityError } from '../../apimachinery/quantity.ts'
import type { Node, Pod, PodSpec, Taint } from '../../apimachinery/generated/types.ts'
import type { SchedulerConfig, SchedulerProfileConfig } from '../../scheduler/config.ts'
import type { SchedulingChange } from './protocol.ts'

type Change<T extends SchedulingChange['type']> = Extract<SchedulingChange, { readonly type: T }>

/** What is wrong with the changes; '' if nothing. */
export function changeError(changes: readonly SchedulingChange[]): string {
  for (const change of changes) {
    if (change.type !== 'request' || change.quantity === '') continue
    try {
      parseQuantity(change.quantity)
    } catch (error) {
      if (!(error instanceof QuantityError)) throw error
      return `${change.container}: ${change.resource}: ${change.quantity}: ${error.message}`
    }
  }
  return ''
}

/** The pod with the changes that are about it. */
export function changePod(pod: Pod, changes: readonly SchedulingChange[]): Pod {
  let spec: PodSpec = { containers: [], ...pod.spec }
  for (const change of changes) {
    if (change.type === 'request') spec = withRequest(spec, change)
    else if (change.type === 'selector') spec = { ...spec, nodeSelector: withEntry(spec.nodeSelector, change) }
    else if (change.type === 'tolerate') spec = { ...spec, tolerations: [...(spec.tolerations ?? []), toleration(change)] }
  }
  return { ...pod, spec }
}

function withRequest(spec: PodSpec, { container: name, resource, quantity }: Change<'request'>): PodSpec {
  const containers = spec.containers.map((container) => {
    if (container.name !== name) return container
    const { [resource]: _old, ...others } = container.resources?.requests ?? {}
    const requests = quantity === '' ? others : { ...others, [resource]: quantity }
    return { ...container, resources: { ...container.resources, requests } }
  })
  return { ...spec, containers }
}

function withEntry(
  map: { readonly [key: string]: string } | undefined,
  { key, value }: { readonly key: string; readonly value: string | null },
): { readonly [key: string]: string } {
  const { [key]: _old, ...others } = map ?? {}
  return value === null ? others : { ...others, [key]: value }
}

/** Without a value any value is tolerated, without an effect any effect. */
function toleration({ key, value, effect }: Change<'tolerate'>) {
  return {
    ...(key === '' ? {} : { key }),
    ...(value === '' ? { operator: 'Exists' } : { operator: 'Equal', value }),
    ...(effect === '' ? {} : { effect }),
  }
}

/** The node with the changes that are about it; the same object if none is. */
export function changeNode(node: Node, changes: readonly SchedulingChange[]): Node {
  let changed = node
  for (const change of changes) {
    if (!('node' in change) || change.node !== node.metadata.name) continue
    const { metadata, spec } = changed
    if (change.type === 'label') changed = { ...changed, metadata: { ...metadata, labels: withEntry(metadata.labels, change) } }
    else if (change.type === 'taint') changed = { ...changed, spec: { ...spec, taints: withTaint(spec?.taints ?? [], change) } }
    else changed = { ...changed, spec: { ...spec, unschedulable: change.unschedulable, taints: cordoned(spec?.taints, change) } }
  }
  return changed
}

function withTaint(taints: readonly Taint[], { key, value, effect, remove }: Change<'taint'>): readonly Taint[] {
  const others = taints.filter((taint) => taint.key !== key || (effect !== '' && taint.effect !== effect))
  return remove ? others : [...others, { key, effect, ...(value === '' ? {} : { value }) }]
}

/** The node controller taints a cordoned node. k8s 1.36: TaintNodeUnschedulable. */
function cordoned(taints: readonly Taint[] = [], { unschedulable }: Change<'cordon'>): readonly Taint[] {
  const key = 'node.kubernetes.io/unschedulable'
  const others = taints.filter((taint) => taint.key !== key)
  return unschedulable ? [...others, { key, effect: 'NoSchedule' }] : others
}

/** The configuration with other weights in the profile of that name; 0 takes the plugin out of the scores. */
export function changeWeights(
  config: SchedulerConfig,
  schedulerName: string,
  changes: readonly SchedulingChange[],
): SchedulerConfig {
  const weights = changes.filter((change) => change.type === 'weight')
  if (weights.length === 0) return config
  const profiles = config.profiles?.length ? config.profiles : [{}]
  return {
    ...config,
    profiles: profiles.map((profile) =>
      (profile.schedulerName ?? 'default-scheduler') === schedulerName ? weights.reduce(withWeight, profile) : profile,
    ),
  }
}

function withWeight(profile: SchedulerProfileConfig, { plugin: name, weight }: Change<'weight'>): SchedulerProfileConfig {
  const { enabled = [], disabled = [] } = profile.plugins?.score ?? {}
  const on = enabled.filter((ref) => ref.name !== name)
  const off = disabled.filter((ref) => ref.name !== name)
  const [wanted, unwanted] = weight > 0 ? [[...on, { name, weight }], off] : [on, [...off, { name }]]
  const score = { ...(wanted.length > 0 ? { enabled: wanted } : {}), ...(unwanted.length > 0 ? { disabled: unwanted } : {}) }
  return { ...profile, plugins: { ...profile.plugins, score } }
}
