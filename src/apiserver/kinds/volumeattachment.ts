import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden, required } from '../../apimachinery/field-errors.ts'
import type { VolumeAttachment, VolumeAttachmentSource } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable, checkRange, checkSubdomain } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { META_KEPT_IN_STATUS, specAndStatus } from './shared/lifecycle.ts'
import { checkVolumeSpec } from './shared/persistent-volumes.ts'
import { checkCsiDriverName } from './shared/volume-sources.ts'

function checkSource(source: VolumeAttachmentSource | undefined): FieldError[] {
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source ?? {}
  const field = 'spec.source'
  const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (inline === undefined && name === undefined) return [required(field, detail)]
  if (inline !== undefined && name !== undefined) return [forbidden(field, detail)]
  if (inline !== undefined) return checkVolumeSpec(inline, `${field}.inlineVolumeSpec`, '', true)
  return name === '' ? [required(`${field}.persistentVolumeName`, 'must specify non empty persistentVolumeName')] : []
}

function checkStatus({ status }: VolumeAttachment): FieldError[] {
  return (['attachError', 'detachError'] as const).flatMap((name) => {
    const code = status?.[name]?.errorCode
    return code === undefined ? [] : checkRange(code, 0, 2147483647, `status.${name}.errorCode`)
  })
}

function validate(attachment: VolumeAttachment): FieldError[] {
  const { attacher, source, nodeName = '' } = attachment.spec ?? {}
  const name = source?.persistentVolumeName
  return [
    ...checkCsiDriverName(attacher, 'spec.attacher'),
    ...checkSource(source),
    ...checkSubdomain(nodeName, 'spec.nodeName'),
    ...checkStatus(attachment),
    ...(name === undefined ? [] : checkSubdomain(name, 'spec.source.persistentVolumeName')),
  ]
}

const validateUpdate = (object: VolumeAttachment, old: VolumeAttachment) => [
  ...validate(object),
  ...checkImmutable(object.spec, old.spec, 'spec', 'VolumeAttachmentSpec'),
]

/** k8s 1.36: registry/storage/volumeattachment strategy.go. */
export const volumeAttachment = defineStrategy<VolumeAttachment>({
  group: 'storage.k8s.io',
  resource: 'volumeattachments',
  defaults: (object) => ({ ...object, status: { ...object.status, attached: object.status?.attached ?? false } }),
  ...specAndStatus({ attached: false }, { generation: false, keepMeta: META_KEPT_IN_STATUS }),
  validate,
  validateUpdate,
  validateStatusUpdate: validateUpdate,
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    { ...column('Attacher', 'V1VolumeAttachmentSpec.attacher', (v) => v.spec?.attacher ?? ''), format: 'name' },
    column('PV', 'V1VolumeAttachmentSource.persistentVolumeName', (v) => v.spec?.source.persistentVolumeName ?? ''),
    column('Node', 'V1VolumeAttachmentSpec.nodeName', (v) => v.spec?.nodeName ?? ''),
    column('Attached', 'V1VolumeAttachmentStatus.attached', (v) => v.status?.attached ?? false, 'boolean'),
    ageColumn,
  ],
})
