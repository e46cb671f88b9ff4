import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, required } from '../../apimachinery/field-errors.ts'
import type { APIService } from '../../apimachinery/generated/types.ts'
import { isDns1035Label, isValidPortNum } from '../../apimachinery/names.ts'
import { formatTime } from '../../sim/time.ts'
import { defineStrategy } from './strategy.ts'
import { checkSubdomain, invalids, nameIsPathSegment } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { META_KEPT_IN_STATUS, specAndStatus } from './shared/lifecycle.ts'

function defaults(object: APIService): APIService {
  const { spec } = object
  if (spec?.service === undefined || spec.service.port !== undefined) return object
  return { ...object, spec: { ...spec, service: { ...spec.service, port: 443 } } }
}

function checkService(object: APIService): FieldError[] {
  const { service, caBundle, insecureSkipTLSVerify: insecure } = object.spec ?? {}
  if (service === undefined) {
    const errors: FieldError[] = []
    if (caBundle) errors.push(invalid('spec.caBundle', `${caBundle.length} bytes`, 'local APIServices may not have a caBundle'))
    if (insecure)
      errors.push(invalid('spec.insecureSkipTLSVerify', insecure, 'local APIServices may not have insecureSkipTLSVerify'))
    return errors
  }
  const errors: FieldError[] = service.namespace ? [] : [required('spec.service.namespace')]
  if (!service.name) errors.push(required('spec.service.name'))
  const port = service.port ?? 0
  const messages = isValidPortNum(port)
  if (messages.length > 0) errors.push(invalid('spec.service.port', port, `port is not valid: ${messages.join(', ')}`))
  if (insecure && caBundle) {
    errors.push(invalid('spec.insecureSkipTLSVerify', insecure, 'may not be true if caBundle is present'))
  }
  return errors
}

/** k8s 1.36: kube-aggregator apis/apiregistration/validation. */
function validate(object: APIService): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum: minimum = 0, versionPriority: priority = 0 } = object.spec ?? {}
  const name = object.metadata.name ?? ''
  const wanted = `${version}.${group}`
  const errors: FieldError[] = []
  if (name !== wanted) errors.push(invalid('metadata.name', name, `must be \`spec.version+"."+spec.group\`: "${wanted}"`))
  if (group === '' && version !== 'v1') {
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'))
  }
  if (group !== '') errors.push(...checkSubdomain(group, 'spec.group'))
  errors.push(...invalids('spec.version', version, isDns1035Label(version)))
  if (minimum <= 0 || minimum > 20000)
    errors.push(invalid('spec.groupPriorityMinimum', minimum, 'must be positive and less than 20000'))
  if (priority <= 0 || priority > 1000)
    errors.push(invalid('spec.versionPriority', priority, 'must be positive and less than 1000'))
  return [...errors, ...checkService(object)]
}

/** The server's own APIs are there from the start. */
function localStatus(nowMs: number): NonNullable<APIService['status']> {
  const reason = { reason: 'Local', message: 'Local APIServices are always available' }
  return { conditions: [{ type: 'Available', status: 'True', lastTransitionTime: formatTime(nowMs), ...reason }] }
}

function availableCell(object: APIService): string {
  const condition = (object.status?.conditions ?? []).find((c) => c.type === 'Available')
  if (condition === undefined) return 'Unknown'
  return condition.status === 'True' || !condition.reason ? condition.status : `${condition.status} (${condition.reason})`
}

/** k8s 1.36: kube-aggregator registry/apiservice strategy.go. */
export const apiService = defineStrategy<APIService>({
  group: 'apiregistration.k8s.io',
  resource: 'apiservices',
  validateName: nameIsPathSegment,
  categories: ['api-extensions'],
  defaults,
  ...specAndStatus({}, { generation: false, keepMeta: META_KEPT_IN_STATUS }),
  prepareForCreate: (object, { nowMs }) => ({ ...object, status: object.spec?.service ? {} : localStatus(nowMs) }),
  validate,
  validateUpdate: validate,
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    column('Service', 'The reference to the service that hosts this API endpoint.', ({ spec }) =>
      spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local',
    ),
    column('Available', 'Whether this service is available.', availableCell),
    ageColumn,
  ],
})
