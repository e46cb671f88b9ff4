import type { Binding, Node } from '../../apimachinery/generated/types.ts'
import { lookUp, withMeta } from '../rest/context.ts'
import type { AdmissionPlugin } from './plugin.ts'

const LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

/** A bound pod carries its node's zone and region. k8s 1.36: PodTopologyLabels. */
export const podTopologyLabels: AdmissionPlugin = {
  name: 'PodTopologyLabels',
  buckets: ['bindings', 'pods'],
  admit: ({ scope, operation, object }) => {
    const { info, request } = scope
    const binds = info.bucket === 'bindings' || (info.bucket === 'pods' && request.subresource === 'binding')
    if (!binds || operation !== 'CREATE') return
    const binding = object as Binding
    if (binding.target?.kind && binding.target.kind !== 'Node') return
    const labels = lookUp<Node>(scope.registry, 'nodes', '', binding.target?.name ?? '')?.metadata.labels ?? {}
    const copied = LABELS.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]] as const]))
    if (copied.length === 0) return
    return withMeta(binding, { labels: { ...binding.metadata.labels, ...Object.fromEntries(copied) } })
  },
}
