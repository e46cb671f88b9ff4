import { required } from '../../apimachinery/field-errors.ts'
import type { ControllerRevision } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { checkImmutable, checkNotNegative } from './shared/checks.ts'
import { ageColumn, column, integerColumn, nameColumn } from './shared/columns.ts'

function controllerCell(revision: ControllerRevision): string {
  const owner = (revision.metadata.ownerReferences ?? []).find((o) => o.controller)
  if (owner === undefined) return '<none>'
  const slash = owner.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}

function checkData(data: unknown) {
  if (data === undefined || data === null) return [required('data', 'data is mandatory')]
  if (typeof data === 'object' && !Array.isArray(data)) return []
  return [required('data', 'data must be a valid JSON object')]
}

/** k8s 1.36: registry/apps/controllerrevision strategy.go. */
export const controllerRevision = defineStrategy<ControllerRevision>({
  group: 'apps',
  resource: 'controllerrevisions',
  defaults: (object) => ({ ...object, revision: object.revision ?? 0 }),
  validate: (object) => [...checkNotNegative(object.revision, 'revision'), ...checkData(object.data)],
  validateUpdate: (object, old) => [
    ...checkNotNegative(object.revision, 'revision'),
    ...checkImmutable(object.data, old.data, 'data'),
  ],
  columns: [
    nameColumn,
    column('Controller', 'Controller of the object', controllerCell),
    { ...integerColumn<ControllerRevision>('Revision', 'V1ControllerRevision.revision', (r) => r.revision), type: 'string' },
    ageColumn,
  ],
})
