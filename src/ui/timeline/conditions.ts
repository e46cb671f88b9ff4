/** Break conditions as texts and as a form. Pure. */
import type { BreakCondition, BreakOperator } from '../../worker/protocol.ts'

type Translate = (key: string, values?: { readonly [name: string]: string | number }) => string

/** 'a pod becomes CrashLoopBackOff', 'Deployment default/web: .status.readyReplicas < 2' */
export function conditionText(condition: BreakCondition, t: Translate): string {
  if (condition.type === 'status') {
    const { status, namespace } = condition
    return namespace === '' ? t('break.becomes', { status }) : t('break.becomesIn', { status, namespace })
  }
  if (condition.type === 'expression') {
    const { kind, namespace, expression } = condition
    return `${kind === '' ? t('break.anyKind') : kind}${namespace === '' ? '' : ` ${namespace}`}: ${expression}`
  }
  const { kind, namespace, name, path, operator, value } = condition
  const object = name === '' ? t('break.any') : namespace === '' ? name : `${namespace}/${name}`
  return `${kind} ${object}: ${path} ${operator}${takesValue(operator) ? ` ${value}` : ''}`
}

export function takesValue(operator: BreakOperator): boolean {
  return operator !== 'exists' && operator !== 'missing'
}

/** An id that no condition of the list has. */
export function freeId(conditions: readonly BreakCondition[]): number {
  return conditions.reduce((most, { id }) => Math.max(most, id), 0) + 1
}

/** kubectl's STATUS words worth stopping at. */
export const STATUS_WORDS = [
  'CrashLoopBackOff',
  'Error',
  'OOMKilled',
  'ImagePullBackOff',
  'ErrImagePull',
  'CreateContainerConfigError',
  'Pending',
  'ContainerCreating',
  'Running',
  'Completed',
  'Evicted',
  'Terminating',
] as const
