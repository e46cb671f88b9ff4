import { StatusError, forbidden } from '../../apimachinery/errors.ts'
import type { AdmissionAttributes } from './plugin.ts'

/** 'pods "p" is forbidden: cause'. k8s 1.36: admission.NewForbidden. */
export function deny({ scope, object, old }: AdmissionAttributes, cause: string): StatusError {
  const meta = object?.metadata ?? old?.metadata
  const name = scope.request.name || meta?.name || meta?.generateName || ''
  return forbidden(scope.info, name, cause)
}

/** Whether this writes the resource itself, and not a subresource. */
export function writes({ scope, operation }: AdmissionAttributes, bucket: string, ...operations: string[]): boolean {
  return scope.info.bucket === bucket && !scope.request.subresource && operations.includes(operation)
}
