import { duplicate, invalid, notSupported, required, tooMany, type FieldError } from '../../apimachinery/field-errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type { JSONSchemaProps } from '../../apimachinery/generated/types.ts'
import { canonical, QuantityError } from '../../apimachinery/quantity.ts'
import { parseTime } from '../../sim/time.ts'
import type { JsonObject } from '../../apimachinery/resource.ts'
import { correlatedField, correlatedItem } from './rules.ts'

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const isSchema = (value: unknown): value is JSONSchemaProps => isObject(value)

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function hasType(value: unknown, schema: JSONSchemaProps): boolean {
  if (value === null) return schema.nullable === true
  if (schema['x-kubernetes-int-or-string']) return typeof value === 'string' || Number.isInteger(value)
  const met = typeName(value)
  return !schema.type || met === schema.type || (schema.type === 'number' && met === 'integer')
}

const child = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)

/**
 * Checks a value against a schema. Errors carry the texts of the API server. What an update leaves as it was is not
 * held against it: `old` is the value before.
 * k8s 1.36: kube-openapi validation, apiextensions ValidateCustomResource, CRDValidationRatcheting.
 */
export function schemaErrors(value: unknown, schema: JSONSchemaProps, path: string, old?: unknown): FieldError[] {
  if (old !== undefined && jsonEqual(value, old)) return []
  if (!hasType(value, schema)) {
    const met = typeName(value)
    const type = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type
    const message = `Invalid value: ${JSON.stringify(met)}: ${path} in body must be of type ${type}: ${JSON.stringify(met)}`
    return [{ type: 'TypeInvalid', field: path, message }]
  }
  if (value === null) return []
  const errors: FieldError[] = []
  if (schema.enum && !schema.enum.some((allowed) => jsonEqual(allowed, value)))
    errors.push(
      notSupported(
        path,
        value,
        schema.enum.map((v) => (typeof v === 'string' ? v : JSON.stringify(v))),
      ),
    )
  if (typeof value === 'string') errors.push(...stringErrors(value, schema, path))
  else if (typeof value === 'number') errors.push(...numberErrors(value, schema, path))
  else if (Array.isArray(value)) errors.push(...listErrors(value, schema, path, old))
  else if (isObject(value)) errors.push(...objectErrors(value, schema, path, old))
  return [...errors, ...combinedErrors(value, schema, path)]
}

function stringErrors(value: string, schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = []
  const length = [...value].length
  if (schema.maxLength !== undefined && length > schema.maxLength)
    errors.push({ type: 'TooLong', field: path, message: `Too long: may not be more than ${schema.maxLength} bytes` })
  if (schema.minLength !== undefined && length < schema.minLength)
    errors.push(invalid(path, value, `${path} in body should be at least ${schema.minLength} chars long`))
  if (schema.pattern !== undefined && !matches(schema.pattern, value))
    errors.push(invalid(path, value, `${path} in body should match '${schema.pattern}'`))
  if (schema.format && !FORMATS[schema.format]?.(value) && FORMATS[schema.format])
    errors.push(invalid(path, value, `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`))
  return errors
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch (error) {
    if (error instanceof SyntaxError) return true
    throw error
  }
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/

/** SIMPLIFIED: formats beyond these are not checked. */
const FORMATS: { readonly [format: string]: (value: string) => boolean } = {
  'date-time': (v) =>
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(v) && !Number.isNaN(parseTime(v)),
  date: (v) => /^\d{4}-\d\d-\d\d$/.test(v) && !Number.isNaN(parseTime(v)),
  email: (v) => /^[^@\s]+@[^@\s]+$/.test(v),
  ipv4: (v) => IPV4.test(v),
  ipv6: (v) => v.includes(':') && /^[0-9a-fA-F:.]+$/.test(v),
  cidr: (v) => /^[0-9a-fA-F:.]+\/\d+$/.test(v),
  uuid: (v) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(v),
  uri: (v) => /^[a-z][a-z0-9+.-]*:/i.test(v),
  byte: (v) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(v),
  duration: (v) => /^-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$|^0$/.test(v),
  quantity: (v) => isQuantity(v),
}

function isQuantity(text: string): boolean {
  try {
    canonical(text)
    return true
  } catch (error) {
    if (error instanceof QuantityError) return false
    throw error
  }
}

function numberErrors(value: number, schema: JSONSchemaProps, path: string): FieldError[] {
  const { maximum, minimum, multipleOf, exclusiveMaximum, exclusiveMinimum } = schema
  const errors: FieldError[] = []
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    errors.push(invalid(path, value, `${path} in body should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`))
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    errors.push(
      invalid(path, value, `${path} in body should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`),
    )
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf))
    errors.push(invalid(path, value, `${path} in body should be a multiple of ${multipleOf}`))
  return errors
}

function listErrors(value: readonly unknown[], schema: JSONSchemaProps, path: string, old: unknown): FieldError[] {
  const errors: FieldError[] = []
  const { items } = schema
  if (isSchema(items))
    for (const [i, item] of value.entries())
      errors.push(...schemaErrors(item, items, `${path}[${i}]`, correlatedItem(schema, old, item)))
  if (schema.maxItems !== undefined && value.length > schema.maxItems) errors.push(tooMany(path, value.length, schema.maxItems))
  if (schema.minItems !== undefined && value.length < schema.minItems)
    errors.push(invalid(path, value, `${path} in body should have at least ${schema.minItems} items`))
  if (schema.uniqueItems && value.some((item, i) => value.slice(0, i).some((other) => jsonEqual(item, other))))
    errors.push(invalid(path, value, `${path} in body shouldn't contain duplicates`))
  return errors
}

function objectErrors(value: JsonObject, schema: JSONSchemaProps, path: string, old: unknown): FieldError[] {
  const errors: FieldError[] = []
  for (const name of schema.required ?? []) if (value[name] === undefined) errors.push(required(child(path, name)))
  for (const [key, item] of Object.entries(value)) {
    const property = schema.properties?.[key]
    const other = schema.additionalProperties
    if (item === undefined) continue
    const before = correlatedField(old, key)
    if (property) errors.push(...schemaErrors(item, property, child(path, key), before))
    else if (isSchema(other)) errors.push(...schemaErrors(item, other, child(path, key), before))
  }
  const count = Object.keys(value).length
  if (schema.maxProperties !== undefined && count > schema.maxProperties) errors.push(tooMany(path, count, schema.maxProperties))
  if (schema.minProperties !== undefined && count < schema.minProperties)
    errors.push(invalid(path, value, `${path} in body should have at least ${schema.minProperties} properties`))
  return errors
}

/** k8s 1.36: SchemaValidator allOf, anyOf, oneOf, not. */
function combinedErrors(value: unknown, schema: JSONSchemaProps, path: string): FieldError[] {
  const fits = (option: JSONSchemaProps) => schemaErrors(value, option, path).length === 0
  const errors: FieldError[] = []
  const refuse = (why: string) => errors.push(invalid(path, value, `${path === '' ? '""' : JSON.stringify(path)} ${why}`))
  for (const part of schema.allOf ?? []) errors.push(...schemaErrors(value, part, path))
  if (schema.anyOf && !schema.anyOf.some(fits)) refuse('must validate at least one schema (anyOf)')
  if (schema.oneOf) {
    const count = schema.oneOf.filter(fits).length
    if (count === 0) refuse('must validate one and only one schema (oneOf). Found none valid')
    if (count > 1) refuse(`must validate one and only one schema (oneOf). Found ${count} valid alternatives`)
  }
  if (schema.not && fits(schema.not)) refuse('must not validate the schema (not)')
  return errors
}

/** Doubles in sets, and in lists with keys. k8s 1.36: structural/listtype. */
export function listTypeErrors(value: unknown, schema: JSONSchemaProps, path: string): FieldError[] {
  if (isObject(value)) {
    return Object.entries(value).flatMap(([key, item]) => {
      const property =
        schema.properties?.[key] ?? (isSchema(schema.additionalProperties) ? schema.additionalProperties : undefined)
      return property ? listTypeErrors(item, property, child(path, key)) : []
    })
  }
  if (!Array.isArray(value)) return []
  const list: readonly unknown[] = value
  const { items } = schema
  const errors = doubles(list, schema, path)
  if (!isSchema(items)) return errors
  return [...errors, ...list.flatMap((item, i) => listTypeErrors(item, items, `${path}[${i}]`))]
}

function doubles(list: readonly unknown[], schema: JSONSchemaProps, path: string): FieldError[] {
  const kind = schema['x-kubernetes-list-type']
  if (kind !== 'set' && kind !== 'map') return []
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const keyOf = (item: unknown) =>
    kind === 'set'
      ? item
      : Object.fromEntries(keys.flatMap((key) => (isObject(item) && item[key] !== undefined ? [[key, item[key]]] : [])))
  const seen = new Set<string>()
  return list.flatMap((item, i) => {
    const key = JSON.stringify(keyOf(item))
    const fresh = !seen.has(key)
    seen.add(key)
    return fresh ? [] : [duplicate(`${path}[${i}]`, keyOf(item))]
  })
}
