/** Rules of a pod that hold in every write. Source: k8s 1.36 core validation, validatePodMetadataAndSpec. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden } from '../../../apimachinery/field-errors.ts'
import type { Pod } from '../../../apimachinery/generated/types.ts'
import { each } from './checks.ts'
import { checkImagePadding } from './container-lists.ts'
import { checkPodAnnotations } from './pod-annotations.ts'
import { checkPodSpec } from './pod-spec-validation.ts'

/** Metadata proper is the registry's; here are the annotations and the spec. */
export function checkPodMetadataAndSpec(pod: Pod, old?: Pod): FieldError[] {
  const spec = pod.spec ?? { containers: [] }
  const errors = [
    ...checkPodAnnotations(pod.metadata.annotations, spec, 'metadata.annotations', old?.metadata.annotations),
    ...checkPodSpec(spec, pod.metadata, 'spec', { isPod: true, ...(old?.spec && { old: old.spec }) }),
  ]
  if (!spec.serviceAccountName) {
    const tokens = each(spec.volumes, (volume, vi) =>
      each(volume.projected?.sources, (source, si) => {
        if (source.serviceAccountToken === undefined) return []
        const path = `spec.volumes[${vi}].projected.sources[${si}].serviceAccountToken`
        return [forbidden(path, 'must not be specified when serviceAccountName is not set')]
      }),
    )
    errors.push(...tokens)
  }
  return [
    ...errors,
    ...each(spec.containers, (c, i) => checkImagePadding(c.image, `spec.containers[${i}]`)),
    ...each(spec.initContainers, (c, i) => checkImagePadding(c.image, `spec.initContainers[${i}]`)),
  ]
}
