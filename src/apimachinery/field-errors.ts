/**
 * Validation errors as the API server words them.
 * Source: k8s 1.36 apimachinery util/validation/field (error types and texts).
 */
export type FieldErrorType =
  | 'Required'
  | 'Invalid'
  | 'NotSupported'
  | 'Forbidden'
  | 'Duplicate'
  | 'NotFound'
  | 'TooLong'
  | 'TooMany'
  | 'TypeInvalid'
  | 'InternalError'

export interface FieldError {
  readonly type: FieldErrorType
  /** e.g. spec.template.spec.containers[0].name */
  readonly field: string
  /** The text after 'field: ', e.g. 'Required value: name is required'. */
  readonly message: string
}

const REASON: { readonly [type in FieldErrorType]: string } = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  NotSupported: 'FieldValueNotSupported',
  Forbidden: 'FieldValueForbidden',
  Duplicate: 'FieldValueDuplicate',
  NotFound: 'FieldValueNotFound',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
  TypeInvalid: 'FieldValueTypeInvalid',
  InternalError: 'InternalError',
}

/** The `reason` of a Status cause for this error. */
export function causeReason(type: FieldErrorType): string {
  return REASON[type]
}

/** A value as Go's %v / JSON prints it in messages: strings quoted, objects as JSON, undefined as null. */
export function printValue(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value)
}

const join = (head: string, detail: string) => (detail === '' ? head : `${head}: ${detail}`)

export function required(field: string, detail = ''): FieldError {
  return { type: 'Required', field, message: join('Required value', detail) }
}
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { type: 'Invalid', field, message: join(`Invalid value: ${printValue(value)}`, detail) }
}
export function forbidden(field: string, detail: string): FieldError {
  return { type: 'Forbidden', field, message: join('Forbidden', detail) }
}
export function duplicate(field: string, value: unknown): FieldError {
  return { type: 'Duplicate', field, message: `Duplicate value: ${printValue(value)}` }
}
export function notFound(field: string, value: unknown): FieldError {
  return { type: 'NotFound', field, message: `Not found: ${printValue(value)}` }
}
/** `supported` is listed quoted, in the order given: sorted where Kubernetes keeps a set, as written where it keeps a list. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map((s) => JSON.stringify(s)).join(', ')
  return {
    type: 'NotSupported',
    field,
    message: join(`Unsupported value: ${printValue(value)}`, supported.length > 0 ? `supported values: ${list}` : ''),
  }
}
export function tooLong(field: string, maxLength: number): FieldError {
  return { type: 'TooLong', field, message: `Too long: may not be more than ${maxLength} bytes` }
}
export function tooMany(field: string, actual: number, max: number): FieldError {
  return { type: 'TooMany', field, message: `Too many: ${actual}: must have at most ${max} items` }
}

/** '[a: Required value, b: ...]', without doubles; one error stands alone. */
export function aggregate(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((e) => `${e.field}: ${e.message}`))]
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`
}
