import { badRequest, invalid as invalidError } from '../../apimachinery/errors.ts'
import { forbidden, invalid, notSupported, required, tooLong, type FieldError } from '../../apimachinery/field-errors.ts'
import type { DeleteOptions, PatchType, RequestOptions } from '../api.ts'

/** Query parameters in order; a name may come several times. */
export class Query {
  private readonly values = new Map<string, string[]>()

  constructor(text: string) {
    for (const part of text.split('&')) {
      if (part === '') continue
      const at = part.indexOf('=')
      const name = unescape(at < 0 ? part : part.slice(0, at))
      const value = at < 0 ? '' : unescape(part.slice(at + 1))
      this.values.set(name, [...(this.values.get(name) ?? []), value])
    }
  }

  get(name: string): string | undefined {
    return this.values.get(name)?.[0]
  }

  all(name: string): readonly string[] {
    return this.values.get(name) ?? []
  }

  /** Go's conversion of query values to bool: anything but '', 'false' and '0' is true. */
  flag(name: string): boolean | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    return value !== 'false' && value !== '0'
  }

  int(name: string): number | undefined {
    const value = this.get(name)
    if (value === undefined || value === '') return undefined
    if (!/^[+-]?\d+$/.test(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
    return Number(value)
  }
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw badRequest(`invalid URL escape ${JSON.stringify(text)}`)
  }
}

/** metav1.ListOptions. */
export function listOptions(query: Query): RequestOptions {
  return present({
    labelSelector: query.get('labelSelector') || undefined,
    fieldSelector: query.get('fieldSelector') || undefined,
    resourceVersion: query.get('resourceVersion') || undefined,
    resourceVersionMatch: query.get('resourceVersionMatch') || undefined,
    limit: query.int('limit'),
    continue: query.get('continue') || undefined,
    timeoutSeconds: query.int('timeoutSeconds'),
    allowWatchBookmarks: query.flag('allowWatchBookmarks'),
    sendInitialEvents: query.flag('sendInitialEvents'),
  })
}

function present<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
}

const VALIDATION = ['', 'Ignore', 'Strict', 'Warn']

/** Options of create, update and patch, checked. `kind` is CreateOptions, UpdateOptions or PatchOptions. */
export function writeOptions(query: Query, kind: string, patchType?: PatchType): RequestOptions {
  const dryRun = query.all('dryRun').filter(Boolean)
  const fieldManager = query.get('fieldManager') ?? ''
  const fieldValidation = query.get('fieldValidation') ?? ''
  const force = query.flag('force')
  const errors: FieldError[] = []
  if (patchType === 'apply' && fieldManager === '') errors.push(required('fieldManager', 'is required for apply patch'))
  if (kind === 'PatchOptions' && patchType !== 'apply' && force !== undefined)
    errors.push(forbidden('force', 'may not be specified for non-apply patch'))
  errors.push(...managerErrors(fieldManager), ...dryRunErrors(dryRun))
  if (!VALIDATION.includes(fieldValidation)) errors.push(notSupported('fieldValidation', fieldValidation, VALIDATION))
  if (errors.length > 0) throw invalidError({ group: 'meta.k8s.io', kind }, '', errors)
  return present({
    dryRun: dryRun.length > 0 ? true : undefined,
    fieldManager: fieldManager || undefined,
    fieldValidation: (fieldValidation || undefined) as RequestOptions['fieldValidation'],
    force,
  })
}

/** k8s 1.36: ValidateFieldManager. */
function managerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = []
  if (manager.length > 128) errors.push(tooLong('fieldManager', 128))
  const odd = [...manager].findIndex((char) => char < ' ' || char === '\u007f')
  if (odd >= 0) errors.push(invalid('fieldManager', manager, 'should only contain printable characters'))
  return errors
}

function dryRunErrors(dryRun: readonly string[]): FieldError[] {
  return dryRun.every((value) => value === 'All') ? [] : [notSupported('dryRun', dryRun, ['All'])]
}

interface DeleteBody extends DeleteOptions {
  readonly dryRun?: readonly string[]
}

/** Options of a delete: from the body if there is one, else from the query. k8s 1.36: handlers DeleteResource. */
export function deleteRequestOptions(query: Query, body: unknown): { readonly options: DeleteOptions; readonly dryRun: boolean } {
  const given = body as DeleteBody | undefined
  const policy = query.get('propagationPolicy')
  const options: DeleteBody =
    given ??
    present({
      gracePeriodSeconds: query.int('gracePeriodSeconds'),
      propagationPolicy: policy as DeleteOptions['propagationPolicy'],
      orphanDependents: query.flag('orphanDependents'),
      dryRun: query.all('dryRun'),
    })
  const errors = dryRunErrors(options.dryRun ?? [])
  if (errors.length > 0) throw invalidError({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors)
  return { options, dryRun: (options.dryRun?.length ?? 0) > 0 }
}
