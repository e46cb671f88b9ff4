import type { Pod } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import type { Plugin } from '../framework.ts'
import { portsCollide } from '../node-info.ts'
import { podInfoOf } from '../pod-info.ts'
import { unschedulable } from '../status.ts'

const NAME = 'NodePorts'
const REJECTED = unschedulable(NAME, "node(s) didn't have free ports for the requested pod ports")

/** Whether a pod is on a node, or on its way there. */
export const holdsNode = (pod: Pod | undefined): boolean => !!pod?.spec?.nodeName || !!pod?.status?.nominatedNodeName

/** One pod per host port. k8s 1.36: plugins/nodeports. */
export function nodePorts(): Plugin {
  return {
    name: NAME,
    events: [
      hint<Pod>('Pod', Action.Delete, (pod, { old }) =>
        old && holdsNode(old) ? portsCollide(pod.hostPorts, podInfoOf(old).hostPorts) : false,
      ),
      hint('Node', Action.Add),
    ],
    preFilter({ pod: { hostPorts } }) {
      if (hostPorts.length === 0) return null
      return {
        shareKey: JSON.stringify(hostPorts),
        filter: ({ usedPorts }) => (usedPorts.length > 0 && portsCollide(hostPorts, usedPorts) ? REJECTED : null),
      }
    },
  }
}
