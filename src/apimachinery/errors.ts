/**
 * What the API server answers when it refuses: metav1.Status objects with Kubernetes' own codes, reasons and texts.
 * Source: k8s 1.36 apimachinery api/errors.
 */
import type { FieldError } from './field-errors.ts'
import type { Status, StatusCause, StatusDetails } from './generated/types.ts'
import { aggregate, causeReason } from './field-errors.ts'

/** The one kind of exception that API calls throw. */
export class StatusError extends Error {
  /** The HTTP code. */
  readonly code: number
  readonly status: Status

  constructor(status: Status) {
    super(status.message)
    this.name = 'StatusError'
    this.code = status.code ?? 500
    this.status = status
  }

  /** 'NotFound', 'Conflict', ...; '' if the server gave none. */
  get reason(): string {
    return this.status.reason ?? ''
  }
}

interface GroupResource {
  readonly group: string
  readonly resource: string
}
interface GroupKind {
  readonly group: string
  readonly kind: string
}
interface Details {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

/** 'deployments.apps', 'pods'. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`
}
const formatGroupKind = ({ group, kind }: GroupKind) => (group === '' ? kind : `${kind}.${group}`)
const quote = (text: string) => JSON.stringify(text)

/** Empty fields are left out, as in JSON with omitempty. */
function compact({ name, group, kind, uid, causes, retryAfterSeconds }: Details): StatusDetails {
  return {
    ...(name ? { name } : {}),
    ...(group ? { group } : {}),
    ...(kind ? { kind } : {}),
    ...(uid ? { uid } : {}),
    ...(causes && causes.length > 0 ? { causes } : {}),
    ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
  }
}

/** A failure with any code; `details` undefined leaves the field out. */
export function failure(code: number, reason: string, message: string, details?: Details): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(details === undefined ? {} : { details: compact(details) }),
    code,
  })
}

const about = (of: GroupResource, name: string): Details => ({ name, group: of.group, kind: of.resource })

export function notFound(of: GroupResource, name: string): StatusError {
  return failure(404, 'NotFound', `${formatGroupResource(of)} ${quote(name)} not found`, about(of, name))
}

export function alreadyExists(of: GroupResource, name: string): StatusError {
  return failure(409, 'AlreadyExists', `${formatGroupResource(of)} ${quote(name)} already exists`, about(of, name))
}

/** No free name was found for metadata.generateName. */
export function generateNameConflict(of: GroupResource, name: string, retryAfterSeconds: number): StatusError {
  const message = `${formatGroupResource(of)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`
  return failure(409, 'AlreadyExists', message, { ...about(of, name), retryAfterSeconds })
}

/** The text of a write against an old resourceVersion. */
export const OPTIMISTIC_LOCK_MESSAGE =
  'the object has been modified; please apply your changes to the latest version and try again'

export function conflict(of: GroupResource, name: string, cause: string = OPTIMISTIC_LOCK_MESSAGE): StatusError {
  const message = `Operation cannot be fulfilled on ${formatGroupResource(of)} ${quote(name)}: ${cause}`
  return failure(409, 'Conflict', message, about(of, name))
}

/** Server-side apply met fields that others own. */
export function applyConflict(causes: readonly StatusCause[], message: string): StatusError {
  return failure(409, 'Conflict', message, { causes })
}

/** Validation failed. Doubles are left out of the message, but not of the causes. */
export function invalid(of: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  const head = `${formatGroupKind(of)} ${quote(name)} is invalid`
  const causes = errors.map((e): StatusCause => ({ reason: causeReason(e.type), message: e.message, field: e.field }))
  const message = errors.length === 0 ? head : `${head}: ${aggregate(errors)}`
  return failure(422, 'Invalid', message, { name, group: of.group, kind: of.kind, causes })
}

export function badRequest(message: string): StatusError {
  return failure(400, 'BadRequest', message)
}

export function unauthorized(message = 'Unauthorized'): StatusError {
  return failure(401, 'Unauthorized', message)
}

/** `of` is null for paths that are no resources; name may be ''. */
export function forbidden(of: GroupResource | null, name: string, cause: string): StatusError {
  if (of === null) return failure(403, 'Forbidden', `forbidden: ${cause}`, {})
  const what = name === '' ? formatGroupResource(of) : `${formatGroupResource(of)} ${quote(name)}`
  return failure(403, 'Forbidden', `${what} is forbidden: ${cause}`, about(of, name))
}

/** The verb exists but not for this resource: 'update is not supported on resources of kind "pods"'. */
export function methodNotSupported(of: GroupResource, action: string): StatusError {
  const message = `${action} is not supported on resources of kind ${quote(formatGroupResource(of))}`
  return failure(405, 'MethodNotAllowed', message, { group: of.group, kind: of.resource })
}

/** The path is known but not with this HTTP method. */
export function methodNotAllowed(): StatusError {
  return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
}

/** No such path. */
export function pathNotFound(): StatusError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {})
}

/** 410 for a resourceVersion or continue token that compaction has passed. */
export function expired(message: string): StatusError {
  return failure(410, 'Expired', message)
}

export function gone(message: string): StatusError {
  return failure(410, 'Gone', message)
}

export function tooManyRequests(message: string, retryAfterSeconds = 0): StatusError {
  return failure(429, 'TooManyRequests', message, { retryAfterSeconds })
}

export function serviceUnavailable(message: string): StatusError {
  return failure(503, 'ServiceUnavailable', message)
}

/** 504, as for a resourceVersion that the server has not reached. */
export function timeout(message: string, retryAfterSeconds = 0, causes?: readonly StatusCause[]): StatusError {
  return failure(504, 'Timeout', `Timeout: ${message}`, { retryAfterSeconds, ...(causes ? { causes } : {}) })
}

export function serverTimeout(of: GroupResource, operation: string, retryAfterSeconds = 0): StatusError {
  const message = `The ${operation} operation against ${formatGroupResource(of)} could not be completed at this time, please try again.`
  return failure(500, 'ServerTimeout', message, { name: operation, group: of.group, kind: of.resource, retryAfterSeconds })
}

export function internal(cause: string): StatusError {
  return failure(500, 'InternalError', `Internal error occurred: ${cause}`, { causes: [{ message: cause }] })
}

/** What the server makes of an error that is no Status: code 500 without a reason. */
export function unclassified(message: string): StatusError {
  return failure(500, '', message)
}

export function notAcceptable(message: string): StatusError {
  return failure(406, 'NotAcceptable', message)
}

export function unsupportedMediaType(message: string): StatusError {
  return failure(415, 'UnsupportedMediaType', message)
}

export function entityTooLarge(message: string): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`)
}

/** A patch that cannot be carried out on the object it names. */
export function unprocessable(): StatusError {
  return failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
}

const hasReason = (reason: string) => (error: unknown) => error instanceof StatusError && error.reason === reason
export const isNotFound = hasReason('NotFound')
export const isAlreadyExists = hasReason('AlreadyExists')
export const isConflict = hasReason('Conflict')
export const isInvalid = hasReason('Invalid')
export const isForbidden = hasReason('Forbidden')
export const isExpired = (error: unknown) => error instanceof StatusError && error.code === 410
