import { methodNotSupported, notFound } from '../../apimachinery/errors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { KubeList } from '../api.ts'
import { listKindOf, type ComputedInfo } from '../resources.ts'
import type { RequestScope } from './context.ts'
import { filterOf } from './list.ts'

/** GET and LIST of what a server behind this one works out. */
export function computedObjects(scope: RequestScope, computed: ComputedInfo): KubeObject | KubeList {
  const { info, request } = scope
  const { verb, namespace = '', name = '' } = request
  if (verb !== 'get' && verb !== 'list') throw methodNotSupported(info, verb)
  const here = computed.list().filter(({ metadata }) => !info.namespaced || namespace === '' || metadata.namespace === namespace)
  if (verb === 'list') {
    const { matches } = filterOf(scope)
    const items = matches ? here.filter(matches) : here
    return { kind: listKindOf(info), apiVersion: info.apiVersion, metadata: {} as KubeList['metadata'], items }
  }
  const found = here.find(({ metadata }) => metadata.name === name)
  if (!found) throw notFound(info, name)
  return found
}
