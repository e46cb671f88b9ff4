import { Action, hint } from '../events.ts'
import type { Plugin } from '../framework.ts'
import { unresolvable } from '../status.ts'

const NAME = 'NodeName'
const REJECTED = unresolvable(NAME, "node(s) didn't match the requested node name")

/** Honours spec.nodeName. k8s 1.36: plugins/nodename. */
export function nodeName(): Plugin {
  return {
    name: NAME,
    events: [hint('Node', Action.Add)],
    preFilter({ pod }) {
      const wanted = pod.pod.spec?.nodeName
      return wanted ? { shareKey: wanted, filter: (node) => (node.name === wanted ? null : REJECTED) } : null
    },
  }
}
