import type { Node } from '../../apimachinery/generated/types.ts'
import { writes } from './forbid.ts'
import type { AdmissionPlugin } from './plugin.ts'

const NOT_READY = 'node.kubernetes.io/not-ready'

/** New nodes are not ready until their conditions say so. k8s 1.36: TaintNodesByCondition. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  buckets: ['nodes'],
  admit: (attributes) => {
    if (!writes(attributes, 'nodes', 'CREATE')) return
    const node = attributes.object as Node
    const taints = node.spec?.taints ?? []
    if (taints.some((t) => t.key === NOT_READY && t.effect === 'NoSchedule')) return
    const tainted: Node = { ...node, spec: { ...node.spec, taints: [...taints, { key: NOT_READY, effect: 'NoSchedule' }] } }
    return tainted
  },
}
