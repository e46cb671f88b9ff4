import type { SchedulingChange } from '../../../worker/scheduling/protocol.ts'

/** A change in one line, in the words of its API field. */
export function changeText(change: SchedulingChange): string {
  switch (change.type) {
    case 'request':
      return `containers[${change.container}].resources.requests.${change.resource}: ${change.quantity || '—'}`
    case 'selector':
      return `nodeSelector.${change.key}: ${change.value ?? '—'}`
    case 'tolerate': {
      const { key, value, effect } = change
      return `tolerations: ${key || '*'}${value === '' ? '' : `=${value}`}${effect === '' ? '' : `:${effect}`}`
    }
    case 'label':
      return `${change.node}: ${change.key}${change.value === null ? '-' : `=${change.value}`}`
    case 'taint': {
      const { node, key, value, effect, remove } = change
      return `${node}: taint ${key}${value === '' || remove ? '' : `=${value}`}:${effect}${remove ? '-' : ''}`
    }
    case 'cordon':
      return `${change.node}: unschedulable: ${change.unschedulable}`
    case 'replicas':
      return `${change.workload.kind}/${change.workload.name}: replicas: ${change.replicas}`
    case 'weight':
      return `${change.plugin}: weight: ${change.weight}`
  }
}
