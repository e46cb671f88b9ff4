import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import type { Plugin } from '../framework.ts'
import { unresolvable } from '../status.ts'
import { isTolerated } from '../taints.ts'

const NAME = 'NodeUnschedulable'
const REJECTED = unresolvable(NAME, 'node(s) were unschedulable')
const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

const toleratesCordon = (pod: Pod) => isTolerated(pod.spec?.tolerations ?? [], TAINT)

/** Keeps pods off cordoned nodes. k8s 1.36: plugins/nodeunschedulable. */
export function nodeUnschedulable(): Plugin {
  return {
    name: NAME,
    events: [
      hint<Node>('Node', Action.Add | Action.UpdateNodeTaint, (_pod, { old, new: node }) =>
        old ? !!old.spec?.unschedulable && !node?.spec?.unschedulable : !node?.spec?.unschedulable,
      ),
      hint<Pod>('Pod', Action.UpdatePodToleration, (pod, { new: changed }) =>
        changed?.metadata.uid === pod.pod.metadata.uid ? !!changed && toleratesCordon(changed) : false,
      ),
    ],
    preFilter({ pod }) {
      return toleratesCordon(pod.pod) ? null : { shareKey: '', filter: (node) => (node.unschedulable ? REJECTED : null) }
    },
  }
}
