import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import type { Plugin } from '../framework.ts'
import { unresolvable } from '../status.ts'
import { hasUntoleratedTaint, isTolerated } from '../taints.ts'
import { scaleToLargest } from './normalize.ts'

const NAME = 'TaintToleration'
const REJECTED = unresolvable(NAME, 'node(s) had untolerated taint(s)')

/** Keeps pods off tainted nodes that they do not tolerate; prefers nodes with fewer. k8s 1.36: plugins/tainttoleration. */
export function taintToleration(): Plugin {
  return {
    name: NAME,
    events: [
      hint<Node>('Node', Action.Add | Action.UpdateNodeTaint, ({ pod }, { old, new: node }) => {
        const tolerations = pod.spec?.tolerations ?? []
        const refused = (n: Node) => hasUntoleratedTaint(n.spec?.taints ?? [], tolerations)
        return (old ? refused(old) : true) && !!node && !refused(node)
      }),
      hint<Pod>('Pod', Action.UpdatePodToleration, (pod, { new: changed }) => changed?.metadata.uid === pod.pod.metadata.uid),
    ],
    preFilter({ pod }) {
      const tolerations = pod.pod.spec?.tolerations ?? []
      return {
        shareKey: JSON.stringify(tolerations),
        filter: ({ taints }) => (taints.length > 0 && hasUntoleratedTaint(taints, tolerations) ? REJECTED : null),
      }
    },
    preScore({ pod }) {
      const tolerations = (pod.pod.spec?.tolerations ?? []).filter((t) => !t.effect || t.effect === 'PreferNoSchedule')
      return {
        shareKey: JSON.stringify(tolerations),
        score({ taints }) {
          let count = 0
          for (const taint of taints) if (taint.effect === 'PreferNoSchedule' && !isTolerated(tolerations, taint)) count++
          return count
        },
        normalize: (scores) => scaleToLargest(scores, true),
      }
    },
  }
}
