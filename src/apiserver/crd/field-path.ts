import type { JSONSchemaProps } from '../../apimachinery/generated/types.ts'

const isSchema = (value: unknown): value is JSONSchemaProps =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const TOKEN = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y

/**
 * A path such as .spec.size or ['a b'] as field errors write it; undefined when the schema has no such field.
 * k8s 1.36: apiextensions schema/cel ValidFieldPath.
 */
export function validFieldPath(path: string, schema: JSONSchemaProps): string | undefined {
  let at: JSONSchemaProps = schema
  let text = ''
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < path.length) {
    const match = TOKEN.exec(path)
    if (!match) return undefined
    const name = match[1] ?? (match[2] ?? '').replace(/\\(.)/g, '$1')
    const property: unknown = at.properties ? at.properties[name] : at.additionalProperties
    if (!isSchema(property)) return undefined
    if (!at.properties) text += `[${name}]`
    else text += text === '' ? name : `.${name}`
    at = property
  }
  return text === '' ? undefined : text
}

/** The schema of the field that a simple path (.spec.color) leads to. */
export function schemaAt(path: string, schema: JSONSchemaProps): JSONSchemaProps | undefined {
  let at: unknown = schema
  for (const name of path.replace(/^\./, '').split('.')) {
    if (!isSchema(at)) return undefined
    at = at.properties ? at.properties[name] : at.additionalProperties
  }
  return isSchema(at) ? at : undefined
}
