import type { Requirement } from '../../apimachinery/selectors.ts'
import { mapSelects, requirementsOf } from '../../apimachinery/selectors.ts'
import type { Listers } from '../listers.ts'
import type { PodInfo } from '../pod-info.ts'
import { selectorOfRequirements, type Selector } from '../selection.ts'

/**
 * Selects the pods that belong together with this one, as its services and its owner see it; empty if it belongs to
 * none. k8s 1.36: helper.DefaultSelector.
 */
export function defaultSelector(pod: PodInfo, listers: Listers): Selector {
  const labels: { [key: string]: string } = {}
  for (const { spec } of listers.services(pod.namespace))
    if (spec?.selector && mapSelects(spec.selector, pod.labels)) Object.assign(labels, spec.selector)
  const owner = pod.pod.metadata.ownerReferences?.find((reference) => reference.controller)
  let ofOwner: readonly Requirement[] = []
  if (owner?.kind === 'ReplicationController' && owner.apiVersion === 'v1')
    Object.assign(labels, listers.replicationController(pod.namespace, owner.name)?.spec?.selector)
  else if (owner?.apiVersion === 'apps/v1') {
    const set =
      owner.kind === 'ReplicaSet'
        ? listers.replicaSet(pod.namespace, owner.name)
        : owner.kind === 'StatefulSet'
          ? listers.statefulSet(pod.namespace, owner.name)
          : undefined
    if (set?.spec?.selector) ofOwner = requirementsOf(set.spec.selector)
  }
  const pairs = Object.entries(labels).map(([key, value]): Requirement => ({ key, operator: '=', values: [value] }))
  return selectorOfRequirements([...pairs, ...ofOwner])
}
