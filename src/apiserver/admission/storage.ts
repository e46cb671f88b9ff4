import type { PersistentVolumeClaim, StorageClass } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { compareQuantities } from '../../apimachinery/quantity.ts'
import { lookUp, withMeta, type Registry } from '../rest/context.ts'
import { deny, writes } from './forbid.ts'
import type { AdmissionPlugin } from './plugin.ts'

const CLASSES = 'storageclasses.storage.k8s.io'
const IS_DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']

/** The newest of the default classes. k8s 1.36: storage/util GetDefaultClass. */
export function defaultStorageClass(registry: Registry): StorageClass | undefined {
  return registry.etcd
    .range(CLASSES)
    .map(({ value }) => value as StorageClass)
    .filter(({ metadata }) => IS_DEFAULT.some((key) => metadata.annotations?.[key] === 'true'))
    .sort((a, b) => {
      const [x, y] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
      return x === y ? ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1) : x < y ? 1 : -1
    })[0]
}

/** Claims without a class get the default one. k8s 1.36: DefaultStorageClass. */
export const defaultStorageClassAdmission: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  buckets: ['persistentvolumeclaims'],
  admit: (attributes) => {
    if (!writes(attributes, 'persistentvolumeclaims', 'CREATE')) return
    const claim = attributes.object as PersistentVolumeClaim
    const annotated = claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined
    if (annotated || claim.spec?.storageClassName !== undefined) return
    const found = defaultStorageClass(attributes.scope.registry)
    if (!found) return
    const classed: PersistentVolumeClaim = { ...claim, spec: { ...claim.spec, storageClassName: found.metadata.name } }
    return classed
  },
}

const PROTECTION: { readonly [bucket: string]: string } = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
}

/** Storage that is in use must not vanish. k8s 1.36: StorageObjectInUseProtection. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  buckets: Object.keys(PROTECTION),
  admit: (attributes) => {
    const finalizer = PROTECTION[attributes.scope.info.bucket]
    if (!finalizer || attributes.operation !== 'CREATE' || attributes.scope.request.subresource) return
    const object = attributes.object as KubeObject
    const present = object.metadata.finalizers ?? []
    return present.includes(finalizer) ? undefined : withMeta(object, { finalizers: [...present, finalizer] })
  },
}

/** Only claims of an expandable class can grow. k8s 1.36: PersistentVolumeClaimResize. */
export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  buckets: ['persistentvolumeclaims'],
  validate: (attributes) => {
    if (!writes(attributes, 'persistentvolumeclaims', 'UPDATE')) return
    const claim = attributes.object as PersistentVolumeClaim
    const old = attributes.old as PersistentVolumeClaim
    const size = claim.spec?.resources?.requests?.['storage'] ?? '0'
    const before = old.spec?.resources?.requests?.['storage'] ?? '0'
    if (compareQuantities(size, before) <= 0) return
    if (old.status?.phase !== 'Bound') throw deny(attributes, 'Only bound persistent volume claims can be expanded')
    const className = claim.spec?.storageClassName ?? ''
    const found = className === '' ? undefined : lookUp<StorageClass>(attributes.scope.registry, CLASSES, '', className)
    if (!found?.allowVolumeExpansion)
      throw deny(
        attributes,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      )
  },
}
