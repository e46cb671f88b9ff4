import { badRequest, conflict, invalid as invalidError } from '../../apimachinery/errors.ts'
import { invalid } from '../../apimachinery/field-errors.ts'
import type { Scale } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { assert } from '../../sim/assert.ts'
import type { ResourceInfo } from '../resources.ts'
import type { RequestScope } from './context.ts'
import { changeFromRequest } from './patch.ts'
import { currentEntry, updateObject } from './update.ts'
import { fieldWrite } from './write.ts'

/** The Scale of an object. k8s 1.36: scaleFromDeployment and its like. */
function scaleOf(info: ResourceInfo, object: KubeObject): Scale & KubeObject {
  const { scale } = info.strategy
  assert(scale !== undefined, `${info.bucket} has a scale subresource but no scale in its strategy`)
  const { specReplicas, statusReplicas, selector } = scale.get(object)
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: specReplicas === 0 ? {} : { replicas: specReplicas },
    status: { replicas: statusReplicas, ...(selector ? { selector } : {}) },
  } as Scale & KubeObject
}

export function readScale(scope: RequestScope): KubeObject {
  return scaleOf(scope.info, currentEntry(scope).value)
}

/** PUT or PATCH of /scale: sets the replicas of the object behind it. */
export function writeScale(scope: RequestScope): KubeObject {
  const { info, request } = scope
  const change = changeFromRequest(scope)
  const asWritten = { ...scope, request: { ...request, subresource: undefined } }
  const updated = updateObject(
    asWritten,
    (current) => {
      const scale = change(scaleOf(info, current)) as Scale
      checkScale(scope, scale, current)
      const resourceVersion = scale.metadata?.resourceVersion || current.metadata.resourceVersion
      const scaled = info.strategy.scale?.set(current, scale.spec?.replicas ?? 0) ?? current
      return { ...scaled, metadata: { ...scaled.metadata, resourceVersion } }
    },
    // k8s 1.36: ScaleHandler.ToParent: the scale's manager owns the replicas, and no time is given.
    {
      write: (after) => ({ ...fieldWrite(scope, after), timeMs: NaN }),
      admission: {
        scope,
        view: (object) => scaleOf(info, object),
        merge: (object, part) => info.strategy.scale?.set(object, (part as Scale).spec?.replicas ?? 0) ?? object,
      },
    },
  )
  return scaleOf(info, updated)
}

function checkScale({ info, request }: RequestScope, scale: Scale, current: KubeObject): void {
  const { name = '', namespace, uid } = scale.metadata ?? {}
  if (name !== '' && name !== request.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${request.name ?? ''})`)
  if (namespace && namespace !== request.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (uid && uid !== current.metadata.uid)
    throw conflict(
      info,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid ?? ''}`,
    )
  const replicas = scale.spec?.replicas ?? 0
  if (replicas < 0)
    throw invalidError({ group: 'autoscaling', kind: 'Scale' }, request.name ?? '', [
      invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ])
}
