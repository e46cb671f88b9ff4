import type { ObjectRef } from '../state/selection.ts'

/** Everything the inspector can do to an object; titles are in shell:action. */
export type ActionId =
  | 'scale'
  | 'restart'
  | 'undo'
  | 'cordon'
  | 'uncordon'
  | 'drain'
  | 'powerOff'
  | 'powerOn'
  | 'removeNode'
  | 'delete'

const SCALABLE = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController'])
const ROLLABLE = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])

/** Which actions make sense for the object, in the order of their buttons. */
export function actionsFor(ref: ObjectRef, unschedulable: boolean, powered: boolean): readonly ActionId[] {
  if (ref.kind === 'Node' && ref.group === '') {
    return [unschedulable ? 'uncordon' : 'cordon', 'drain', powered ? 'powerOff' : 'powerOn', 'removeNode', 'delete']
  }
  const actions: ActionId[] = []
  const builtIn = ref.group === 'apps' || ref.group === ''
  if (builtIn && SCALABLE.has(ref.kind)) actions.push('scale')
  if (builtIn && ROLLABLE.has(ref.kind)) actions.push('restart', 'undo')
  actions.push('delete')
  return actions
}
