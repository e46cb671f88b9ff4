import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { Action, hint } from '../events.ts'
import type { Plugin } from '../framework.ts'
import { unresolvable } from '../status.ts'

const NAME = 'NodeDeclaredFeatures'
const REJECTED = unresolvable(NAME, "node(s) didn't match Pod's required features")

/** Features that a node must declare for this pod. k8s 1.36: component-helpers nodedeclaredfeatures. */
function requiredFeatures({ spec }: Pod): string[] {
  const restartsAll = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some((c) =>
    c.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  )
  const userNamespaceOnHost = spec?.hostNetwork && spec.hostUsers === false
  return [
    ...(restartsAll ? ['RestartAllContainersOnContainerExits'] : []),
    ...(userNamespaceOnHost ? ['UserNamespacesHostNetworkSupport'] : []),
  ]
}

/** Nodes whose kubelet can do what the pod asks for. k8s 1.36: plugins/nodedeclaredfeatures. */
export function nodeDeclaredFeatures(): Plugin {
  return {
    name: NAME,
    events: [
      hint<Node>(
        'Node',
        Action.Add | Action.UpdateNodeDeclaredFeature,
        (_pod, { old, new: node }) =>
          !old || !jsonEqual(old.status?.declaredFeatures ?? [], node?.status?.declaredFeatures ?? []),
      ),
      hint<Pod>(
        'Pod',
        Action.Update,
        (pod, { old, new: changed }) =>
          !!old &&
          !!changed &&
          changed.metadata.uid === pod.pod.metadata.uid &&
          !jsonEqual(requiredFeatures(old), requiredFeatures(changed)),
      ),
    ],
    preFilter({ pod }) {
      const required = requiredFeatures(pod.pod)
      if (required.length === 0) return null
      return {
        filter: ({ node }) => (required.every((f) => node.status?.declaredFeatures?.includes(f)) ? null : REJECTED),
      }
    },
  }
}
