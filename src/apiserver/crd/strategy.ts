import { invalid, notSupported, required, type FieldError } from '../../apimachinery/field-errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type { CustomResourceConversion, CustomResourceDefinition } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { checkImmutable } from '../kinds/shared/checks.ts'
import { ageColumn, nameColumn } from '../kinds/shared/columns.ts'
import type { Strategy } from '../kinds/strategy.ts'
import { ruleErrors } from './rules.ts'
import { conversionErrors, partErrors } from './version-parts.ts'
import { structuralErrors } from './structural.ts'

const asCrd = (object: KubeObject) => object as CustomResourceDefinition

/** k8s 1.36: apiextensions SetDefaults_CustomResourceDefinition, strategy PrepareForCreate. */
function defaults(object: KubeObject): KubeObject {
  const crd = asCrd(object)
  const names = crd.spec?.names ?? { kind: '', plural: '' }
  const spec = {
    ...crd.spec,
    names: {
      ...names,
      singular: names.singular || names.kind.toLowerCase(),
      listKind: names.listKind || (names.kind ? `${names.kind}List` : ''),
    },
    conversion: withServicePort(crd.spec?.conversion ?? { strategy: 'None' }),
  }
  return { ...crd, spec } as KubeObject
}

function withServicePort(conversion: CustomResourceConversion): CustomResourceConversion {
  const service = conversion.webhook?.clientConfig?.service
  if (!conversion.webhook || !service || service.port !== undefined) return conversion
  const clientConfig = { ...conversion.webhook.clientConfig, service: { ...service, port: 443 } }
  return { ...conversion, webhook: { ...conversion.webhook, clientConfig } }
}

function prepareForCreate(object: KubeObject): KubeObject {
  const crd = asCrd(object)
  const storedVersions = (crd.spec.versions ?? []).filter((v) => v.storage).map((v) => v.name)
  return {
    ...crd,
    metadata: { ...crd.metadata, generation: 1 },
    status: { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions },
  } as unknown as KubeObject
}

function prepareForUpdate(object: KubeObject, old: KubeObject): KubeObject {
  const crd = asCrd(object)
  const before = asCrd(old)
  const generation = (before.metadata.generation ?? 1) + (jsonEqual(crd.spec, before.spec) ? 0 : 1)
  const stored = new Set([
    ...(before.status?.storedVersions ?? []),
    ...crd.spec.versions.filter((v) => v.storage).map((v) => v.name),
  ])
  const status = { ...before.status, storedVersions: [...stored] }
  return { ...crd, metadata: { ...crd.metadata, generation }, status } as KubeObject
}

const APPROVAL = 'api-approved.kubernetes.io'

/** k8s 1.36: ValidateCustomResourceDefinition. */
function validate(object: KubeObject): FieldError[] {
  const crd = asCrd(object)
  const { group = '', names, versions = [], scope } = crd.spec
  const errors: FieldError[] = []
  if (crd.metadata.name !== `${names.plural}.${group}`)
    errors.push(invalid('metadata.name', crd.metadata.name, 'must be spec.names.plural+"."+spec.group'))
  if (group === '') errors.push(required('spec.group'))
  if (scope !== 'Cluster' && scope !== 'Namespaced') errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  errors.push(...protectedGroupErrors(crd), ...versionErrors(crd), ...partErrors(crd), ...conversionErrors(crd))
  if (versions.filter((v) => v.storage).length !== 1)
    errors.push(
      invalid(
        'spec.versions',
        versions.map((v) => v.name),
        'must have exactly one version marked as storage version',
      ),
    )
  if (!names.plural) errors.push(required('spec.names.plural'))
  if (!names.kind) errors.push(required('spec.names.kind'))
  return errors
}

function protectedGroupErrors(crd: CustomResourceDefinition): FieldError[] {
  const group = crd.spec.group ?? ''
  const isProtected =
    group === 'k8s.io' || group === 'kubernetes.io' || group.endsWith('.k8s.io') || group.endsWith('.kubernetes.io')
  const approval = crd.metadata.annotations?.[APPROVAL]
  const field = `metadata.annotations[${APPROVAL}]`
  if (!isProtected || approval?.startsWith('unapproved') || /^https?:\/\/\S+/.test(approval ?? '')) return []
  if (approval)
    return [
      invalid(
        field,
        approval,
        'protected groups must have approval annotation with either a URL or a reason starting with "unapproved"',
      ),
    ]
  const why = `protected groups must have approval annotation "${APPROVAL}", see https://github.com/kubernetes/enhancements/pull/1111`
  return [required(field, why)]
}

/** A single version's schema is known by an older path. */
function versionErrors({ spec }: CustomResourceDefinition): FieldError[] {
  const single = spec.versions.length === 1
  return spec.versions.flatMap((version, i) => {
    const path = `spec.versions[${i}].schema.openAPIV3Schema`
    const schema = version.schema?.openAPIV3Schema
    if (!schema) return [required(path)]
    const at = single ? 'spec.validation.openAPIV3Schema' : path
    const errors = structuralErrors(schema, at)
    return errors.length > 0 ? errors : ruleErrors(schema, at)
  })
}

function validateUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const crd = asCrd(object)
  const before = asCrd(old)
  const changed = [
    ...checkImmutable(crd.spec.group, before.spec.group, 'spec.group'),
    ...checkImmutable(crd.spec.names.plural, before.spec.names.plural, 'spec.names.plural'),
    ...checkImmutable(crd.spec.scope, before.spec.scope, 'spec.scope'),
  ]
  const established = before.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True')
  if (established) changed.push(...checkImmutable(crd.spec.names.kind, before.spec.names.kind, 'spec.names.kind'))
  if (changed.length > 0) return changed
  return validate(object)
}

/** CustomResourceDefinition itself. */
export const customResourceDefinition: Strategy = {
  group: 'apiextensions.k8s.io',
  resource: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  defaults,
  prepareForCreate,
  prepareForUpdate,
  validate,
  validateUpdate,
  columns: [
    nameColumn,
    {
      name: 'Created At',
      type: 'date',
      priority: 0,
      description: ageColumn.description,
      cell: (object) => object.metadata.creationTimestamp ?? '',
    },
  ],
}
