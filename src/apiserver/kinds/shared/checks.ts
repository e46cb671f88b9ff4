/** Small checks that most kinds share; each gives the errors of one value at one field. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { jsonEqual } from '../../../apimachinery/equal.ts'
import * as names from '../../../apimachinery/names.ts'
import { internalForm } from './internal-diff.ts'

export type StringMap = { readonly [key: string]: string }

/** A name rule: the value and whether it is a prefix (generateName) give the messages, none when it is fine. */
export type NameRule = (name: string, prefix: boolean) => readonly string[]

/** The name as it will be once a random ending is put behind it (k8s 1.36: maskTrailingDash). */
const masked = (name: string, prefix: boolean) =>
  prefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name

export const nameIsSubdomain: NameRule = (name, prefix) => names.isDns1123Subdomain(masked(name, prefix))
export const nameIsLabel: NameRule = (name, prefix) => names.isDns1123Label(masked(name, prefix))
export const nameIsDns1035: NameRule = (name, prefix) => names.isDns1035Label(masked(name, prefix))

/** What a URL path segment allows: the rule of kinds with free names, such as RBAC's. */
export const nameIsPathSegment: NameRule = (name) => names.isPathSegmentName(name)

/** One Invalid error for each message. */
export function invalids(field: string, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((message) => invalid(field, value, message))
}

export const checkDnsLabel = (value: string, field: string) => invalids(field, value, names.isDns1123Label(value))
export const checkSubdomain = (value: string, field: string) => invalids(field, value, names.isDns1123Subdomain(value))
export const checkQualifiedName = (value: string, field: string) => invalids(field, value, names.isQualifiedName(value))
export const checkConfigMapKey = (value: string, field: string) => invalids(field, value, names.isConfigMapKey(value))
export const checkPortNumber = (value: number, field: string) => invalids(field, value, names.isValidPortNum(value))

/** A number or a name of a port. */
export function checkPort(value: number | string | undefined, field: string): FieldError[] {
  if (typeof value === 'string') return invalids(field, value, names.isValidPortName(value))
  return checkPortNumber(value ?? 0, field)
}

export const mustNotBeNegative = 'must be greater than or equal to 0'
export const fieldIsImmutable = 'field is immutable'

export function checkNotNegative(value: number | undefined, field: string): FieldError[] {
  return value !== undefined && value < 0 ? [invalid(field, value, mustNotBeNegative)] : []
}

export function checkPositive(value: number, field: string): FieldError[] {
  return value > 0 ? [] : [invalid(field, value, 'must be greater than zero')]
}

export function checkRange(value: number, min: number, max: number, field: string): FieldError[] {
  return value < min || value > max ? [invalid(field, value, `must be between ${min} and ${max}, inclusive`)] : []
}

/** `type` names the internal type that the message prints, where it isn't what the API has. */
export function checkImmutable(value: unknown, old: unknown, field: string, type = ''): FieldError[] {
  if (jsonEqual(value, old)) return []
  return [invalid(field, type === '' ? value : internalForm(type, value), fieldIsImmutable)]
}

export function checkRequired(value: string | undefined, field: string, detail = ''): FieldError[] {
  return value === undefined || value === '' ? [required(field, detail)] : []
}

/** NotSupported unless the value is in the list, which is printed in the order given. */
export function checkOneOf(value: string, allowed: readonly string[], field: string): FieldError[] {
  return allowed.includes(value) ? [] : [notSupported(field, value, allowed)]
}

/** The same for a field that may not be empty. */
export function checkRequiredOneOf(value: string | undefined, allowed: readonly string[], field: string): FieldError[] {
  return value === undefined || value === '' ? [required(field)] : checkOneOf(value, allowed, field)
}

/** Duplicate errors for the entries whose key was seen before. Empty keys are skipped. */
export function checkUnique<T>(items: readonly T[], key: (item: T) => string, field: (index: number) => string): FieldError[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    const k = key(item)
    if (k === '') return []
    if (seen.has(k)) return [duplicate(field(index), k)]
    seen.add(k)
    return []
  })
}

export function checkForbidden(condition: boolean, field: string, detail: string): FieldError[] {
  return condition ? [forbidden(field, detail)] : []
}

/** flatMap over a list that may be absent. */
export function each<T>(items: readonly T[] | undefined, check: (item: T, index: number) => readonly FieldError[]): FieldError[] {
  return (items ?? []).flatMap((item, index) => check(item, index))
}
