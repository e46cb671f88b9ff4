import { StatusError, forbidden, notFound } from '../../apimachinery/errors.ts'
import type { Namespace } from '../../apimachinery/generated/types.ts'
import { lookUp } from '../rest/context.ts'
import { deny } from './forbid.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'

const IMMORTAL = ['default', 'kube-system', 'kube-public']

function admit(attributes: AdmissionAttributes): void {
  const { scope, operation } = attributes
  const { info, registry, request } = scope
  if (operation !== 'CREATE' || !info.namespaced || info.group === 'authorization.k8s.io') return
  const name = request.namespace ?? ''
  const namespace = lookUp<Namespace>(registry, 'namespaces', '', name)
  if (!namespace) throw notFound({ group: '', resource: 'namespaces' }, name)
  if (namespace.metadata.deletionTimestamp === undefined && namespace.status?.phase !== 'Terminating') return
  const { status } = deny(attributes, `unable to create new content in namespace ${name} because it is being terminated`)
  const cause = { reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' }
  throw new StatusError({ ...status, details: { ...status.details, causes: [cause] } })
}

/** No new objects in missing or ending namespaces; some namespaces stay for ever. k8s 1.36: NamespaceLifecycle. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  admit,
  validate: ({ scope, operation }) => {
    const { info, request } = scope
    if (operation === 'DELETE' && info.bucket === 'namespaces' && IMMORTAL.includes(request.name ?? ''))
      throw forbidden(info, request.name ?? '', 'this namespace may not be deleted')
  },
}
