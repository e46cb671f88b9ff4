import { notFound } from '../../apimachinery/errors.ts'
import type { ComponentStatus } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { KubeList } from '../api.ts'
import type { RequestScope } from './context.ts'

const NAMES = ['scheduler', 'controller-manager', 'etcd-0']

/** Components answer when they are asked. SIMPLIFIED: they always do, and are well. */
function statusOf(name: string): ComponentStatus & KubeObject {
  const conditions = [{ type: 'Healthy', status: 'True', message: 'ok' }]
  return { kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name }, conditions }
}

/** k8s 1.36: core/componentstatus. */
export function componentStatuses({ info, request }: RequestScope): KubeObject | KubeList {
  const { name } = request
  if (request.verb === 'list')
    return { kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {} as KubeList['metadata'], items: NAMES.map(statusOf) }
  if (!name || !NAMES.includes(name)) throw notFound(info, name ?? '')
  return statusOf(name)
}
