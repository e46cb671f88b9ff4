import type { OwnerReference } from '../../apimachinery/generated/types.ts'
import { apiVersionOf, type KubeObject, type ResourceRef } from '../../apimachinery/resource.ts'
import type { Informer } from '../../client/informer.ts'

/** The owner that manages the object, if it has one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true)
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid
}

/** The reference by which `owner` manages what it creates. k8s 1.36: metav1.NewControllerRef. */
export function newControllerRef(owner: KubeObject, ref: ResourceRef): OwnerReference {
  return {
    apiVersion: apiVersionOf(ref),
    kind: ref.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

const INDEX = 'controller'
const orphanKey = (namespace: string | undefined) => `orphans of ${namespace ?? ''}`

/** Prepares an informer for ownedBy() and orphansIn(). */
export function indexByController<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(INDEX, (object) => [controllerOf(object)?.uid ?? orphanKey(object.metadata.namespace)])
}

/** Objects whose controller has that uid. */
export function ownedBy<T extends KubeObject>(informer: Informer<T>, uid: string | undefined): T[] {
  return informer.byIndex(INDEX, uid ?? '')
}

/** Objects of a namespace that no controller manages. */
export function orphansIn<T extends KubeObject>(informer: Informer<T>, namespace: string | undefined): T[] {
  return informer.byIndex(INDEX, orphanKey(namespace))
}

/** Prepares an informer for inNamespace(). */
export function indexByNamespace<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex('namespace', (object) => [object.metadata.namespace ?? ''])
}

export function inNamespace<T extends KubeObject>(informer: Informer<T>, namespace: string | undefined): T[] {
  return informer.byIndex('namespace', namespace ?? '')
}

/** The object that an owner reference of that kind names, if it is still the same one. */
export function resolveOwner<T extends KubeObject>(
  informer: Informer<T>,
  namespace: string | undefined,
  reference: OwnerReference | undefined,
): T | undefined {
  if (!reference || reference.kind !== informer.ref.kind) return undefined
  const owner = informer.get(namespace ?? '', reference.name)
  return owner?.metadata.uid === reference.uid ? owner : undefined
}
