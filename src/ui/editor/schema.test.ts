import { describe, expect, it } from 'vitest'
import { buildSchema, loadSchema, type Schema } from './schema.ts'
import { FIELD_WORDS, QUANTITY_FIELDS } from './schema-words.ts'

const schema = await loadSchema()

function definition(name: string): Schema {
  return schema.definitions?.[name] ?? {}
}

describe('editor schema', () => {
  it('has a branch for every kind that can be created, and one for custom resources', () => {
    const refs = (schema.oneOf ?? []).map((branch) => branch.$ref)
    expect(refs).toContain('#/definitions/apps~1v1~1Deployment')
    expect(refs).toContain('#/definitions/v1~1Pod')
    expect(refs.length).toBeGreaterThan(50)
    expect(schema.oneOf?.at(-2)?.properties?.['apiVersion']?.not?.enum).toContain('apps/v1')
  })

  it('knows types, required fields, closed sets of words and texts', () => {
    const container = definition('V1Container')
    expect(container.required).toEqual(['name'])
    expect(container.properties?.['imagePullPolicy']?.enum).toContain('IfNotPresent')
    expect(container.properties?.['ports']?.items?.$ref).toBe('#/definitions/V1ContainerPort')
    expect(container.properties?.['image']?.description).toMatch(/image name/i)
    expect(definition('apps/v1/Deployment').properties?.['kind']?.enum).toEqual(['Deployment'])
    expect(definition('V1ResourceRequirements').properties?.['limits']?.additionalProperties).toEqual({
      type: ['string', 'number'],
    })
    expect(definition('V1ObjectMeta').properties?.['labels']?.additionalProperties).toEqual({ type: 'string' })
  })

  it('refers only to definitions there are', () => {
    const missing = [...JSON.stringify(schema).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)]
      .map((match) => (match[1] ?? '').replaceAll('~1', '/'))
      .filter((name) => !schema.definitions?.[name])
    expect([...new Set(missing)]).toEqual([])
  })

  it('has no word list or quantity for a field that does not exist', () => {
    const unknown = [...Object.keys(FIELD_WORDS), ...QUANTITY_FIELDS].filter((key) => {
      const [model = '', field = ''] = key.split('.')
      return !definition(model).properties?.[field]
    })
    expect(unknown).toEqual([])
  })

  it('is built from plain data', () => {
    const small = buildSchema({ V1Toy: { required: ['a'], fields: { a: '[]{}int32' } } }, {}, [
      { group: 'toys', version: 'v1', kind: 'Toy', model: 'V1Toy', verbs: ['create'] },
    ])
    expect(small.definitions?.['V1Toy']?.properties?.['a']).toEqual({
      type: 'array',
      items: { type: 'object', additionalProperties: { type: 'integer' } },
    })
  })
})
