import { persistentvolumeclaims, persistentvolumes, volumeattributesclasses } from '../../../apimachinery/generated/resources.ts'
import type { PersistentVolume, PersistentVolumeClaim, VolumeAttributesClass } from '../../../apimachinery/generated/types.ts'
import { ControllerLoop } from '../../../client/controller.ts'
import type { Controller, ControllerContext } from '../../context.ts'
import { controllerFrom } from '../../shared/controller.ts'
import { planProtection } from '../shared/protection.ts'

const FINALIZER = 'kubernetes.io/vac-protection'
const BY_CLASS = 'attributes class'

/** The classes that a claim asks for, has, or is on its way to. k8s 1.36: getPVCReferencedVACNames. */
export function classesOfClaim({ spec, status }: PersistentVolumeClaim): readonly string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as string[]
}

const classesOfVolume = ({ spec }: PersistentVolume) => (spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [])

/** Holds VolumeAttributesClasses while claims or volumes use them. k8s 1.36: pkg/controller/volume/vacprotection. */
export function attributesClassProtection(context: ControllerContext): Controller {
  const client = context.client('volumeattributesclass-protection-controller')
  const classes = context.informers.for(volumeattributesclasses)
  const claims = context.informers.for(persistentvolumeclaims)
  const volumes = context.informers.for(persistentvolumes)
  claims.addIndex(BY_CLASS, classesOfClaim)
  volumes.addIndex(BY_CLASS, classesOfVolume)
  const plan = (object: VolumeAttributesClass) => {
    const name = object.metadata.name ?? ''
    return planProtection(object, FINALIZER, claims.byIndex(BY_CLASS, name).length + volumes.byIndex(BY_CLASS, name).length > 0)
  }
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'vacprotection',
    workers: 1,
    *reconcile(name) {
      const object = classes.get('', name)
      const next = object && plan(object)
      if (next) yield* client.update(volumeattributesclasses, next)
    },
  })
  const wake = (names: readonly string[]) => {
    for (const name of names) loop.queue.add(name)
  }
  const consider = (object: VolumeAttributesClass) => {
    if (plan(object)) wake([object.metadata.name ?? ''])
  }
  classes.addHandler({ onAdd: consider, onUpdate: consider })
  claims.addHandler({ onUpdate: (_claim, old) => wake(classesOfClaim(old)), onDelete: (claim) => wake(classesOfClaim(claim)) })
  volumes.addHandler({
    onUpdate: (_volume, old) => wake(classesOfVolume(old)),
    onDelete: (volume) => wake(classesOfVolume(volume)),
  })
  return controllerFrom('volumeattributesclass-protection-controller', [loop])
}
