import type { Pod } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import type { Plugin } from '../framework.ts'
import { unresolvable } from '../status.ts'

const NAME = 'SchedulingGates'

/** Keeps a pod out of the queue until its gates are removed. k8s 1.36: plugins/schedulinggates. */
export function schedulingGates(): Plugin {
  return {
    name: NAME,
    events: [
      hint<Pod>(
        'Pod',
        Action.UpdatePodGatesEliminated,
        (pod, { new: changed }) => changed?.metadata.uid === pod.pod.metadata.uid,
      ),
    ],
    preEnqueue({ spec }) {
      const gates = spec?.schedulingGates ?? []
      if (gates.length === 0) return null
      return unresolvable(NAME, `waiting for scheduling gates: [${gates.map((gate) => gate.name).join(' ')}]`)
    },
  }
}
