import type { JsonObject } from '../apimachinery/resource.ts'
import { locateField, type ManifestDocument } from './manifest.ts'

/** A message at a place in the file; line and column from 1. */
export interface Marker {
  readonly line: number
  readonly column: number
  readonly message: string
}

interface Cause {
  readonly message: string
  readonly field?: string
}

interface StatusBody {
  readonly message?: string
  readonly reason?: string
  readonly details?: {
    readonly kind?: string
    readonly name?: string
    readonly causes?: readonly { readonly field?: string; readonly message?: string }[]
  }
}

/**
 * A Status as kubectl prints it. Invalid objects are listed cause by cause; everything else is 'Error from server
 * (Reason)'. k8s 1.36: kubectl cmd/util StandardErrorMessage, statusCausesToAggrError.
 */
export function describeFailure(
  body: JsonObject,
  doing: string,
): { readonly message: string; readonly causes: readonly Cause[] } {
  const { message = '', reason = '', details = {} } = body as StatusBody
  const causes = (details.causes ?? []).map((cause) => ({
    message: `${cause.field ? `${cause.field}: ` : ''}${cause.message ?? ''}`,
    field: cause.field,
  }))
  if (reason === 'Invalid') {
    const head = `The ${details.kind ?? ''} "${details.name ?? ''}" is invalid`
    const list = causes.map((cause) => cause.message)
    if (list.length === 0) return { message: `${head}: ${message}`, causes: [{ message }] }
    return {
      message: list.length === 1 ? `${head}: ${list[0]}` : `${head}: \n${list.map((line) => `* ${line}`).join('\n')}`,
      causes,
    }
  }
  return {
    message: `Error from server${reason ? ` (${reason})` : ''}: ${doing}: ${message}`,
    causes: causes.length > 0 ? causes : [{ message }],
  }
}

/** Where in the document a message belongs: at the field it names, or at those that a strict decoding error lists. */
export function markersFor(document: ManifestDocument, cause: Cause): readonly Marker[] {
  if (cause.field) return [{ ...locateField(document, cause.field), message: cause.message }]
  const unknown = [...cause.message.matchAll(/(unknown|duplicate) field "([^"]+)"/g)]
  if (unknown.length > 0) return unknown.map((match) => ({ ...locateField(document, match[2] ?? ''), message: match[0] }))
  const mistyped = /Go struct field [A-Za-z0-9]+\.([\w.]+) of type/.exec(cause.message)
  return [{ ...locateField(document, mistyped?.[1] ?? ''), message: cause.message }]
}
