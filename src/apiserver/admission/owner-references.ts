import { jsonEqual } from '../../apimachinery/equal.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { deny } from './forbid.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'

const blocking = (object: KubeObject | undefined) =>
  (object?.metadata.ownerReferences ?? []).filter((owner) => owner.blockOwnerDeletion === true)

/**
 * Who blocks an owner's deletion must be allowed to set the owner's finalizers.
 * k8s 1.36: OwnerReferencesPermissionEnforcement (off unless asked for).
 */
export const ownerReferencesPermissionEnforcement: AdmissionPlugin = {
  name: 'OwnerReferencesPermissionEnforcement',
  validate: (attributes: AdmissionAttributes) => {
    const { scope, object, old, operation } = attributes
    if (operation !== 'CREATE' && operation !== 'UPDATE') return
    const fresh = blocking(object).filter((owner) => !blocking(old).some((before) => jsonEqual(before, owner)))
    const { registry, request } = scope
    for (const owner of fresh) {
      const info = registry.resources.findKind(owner.apiVersion, owner.kind)
      if (!info)
        throw deny(
          attributes,
          `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}`,
        )
      const { verdict } = registry.authorizer.authorize({
        user: request.user,
        verb: 'update',
        namespace: info.namespaced ? (request.namespace ?? '') : '',
        group: info.group,
        resource: info.resource,
        subresource: 'finalizers',
        name: owner.name,
      })
      if (verdict !== 'allow')
        throw deny(
          attributes,
          "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ",
        )
    }
  },
}
