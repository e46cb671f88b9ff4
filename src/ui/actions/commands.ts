import type { ObjectRef } from '../state/selection.ts'

/** Actions that have a kubectl command. Power is not among them: no command cuts the power. */
export type KubectlAction =
  | 'scale'
  | 'restart'
  | 'undo'
  | 'delete'
  | 'cordon'
  | 'uncordon'
  | 'drain'
  | 'get'
  | 'yaml'
  | 'describe'

export interface CommandOptions {
  readonly replicas?: number
  readonly force?: boolean
  readonly deleteEmptyDirData?: boolean
}

/** The command that does the same as the button, ready to paste into a shell. */
export function kubectlCommand(action: KubectlAction, ref: ObjectRef, options: CommandOptions = {}): string {
  const target = `${resourceArgument(ref)}/${ref.name}`
  const place = ref.namespace === '' || ref.namespace === 'default' ? '' : ` -n ${ref.namespace}`
  switch (action) {
    case 'scale':
      return `kubectl scale ${target} --replicas=${options.replicas ?? 1}${place}`
    case 'restart':
      return `kubectl rollout restart ${target}${place}`
    case 'undo':
      return `kubectl rollout undo ${target}${place}`
    case 'delete':
      return `kubectl delete ${target}${place}`
    case 'cordon':
    case 'uncordon':
      return `kubectl ${action} ${ref.name}`
    case 'drain': {
      const flags = ['--ignore-daemonsets']
      if (options.deleteEmptyDirData) flags.push('--delete-emptydir-data')
      if (options.force) flags.push('--force')
      return `kubectl drain ${ref.name} ${flags.join(' ')}`
    }
    case 'get':
      return `kubectl get ${target}${place}`
    case 'yaml':
      return `kubectl get ${target}${place} -o yaml`
    case 'describe':
      return `kubectl describe ${target}${place}`
  }
}

/** The command that prints a table: one namespace, or all with -A. */
export function kubectlGet(
  target: Pick<ObjectRef, 'group' | 'resource' | 'namespace'>,
  namespaced: boolean,
  wide: boolean,
): string {
  const { group, resource, namespace } = target
  const word = BUILT_IN_GROUPS.has(group) ? resource : `${resource}.${group}`
  const place = !namespaced || namespace === 'default' ? '' : namespace === '' ? ' -A' : ` -n ${namespace}`
  return `kubectl get ${word}${place}${wide ? ' -o wide' : ''}`
}

/** 'deployment' or 'deployment.apps' where the bare word could mean another group's resource. */
function resourceArgument({ kind, group }: ObjectRef): string {
  const word = kind.toLowerCase()
  return BUILT_IN_GROUPS.has(group) ? word : `${word}.${group}`
}
const BUILT_IN_GROUPS = new Set([
  '',
  'apps',
  'batch',
  'autoscaling',
  'policy',
  'networking.k8s.io',
  'storage.k8s.io',
  'rbac.authorization.k8s.io',
])
