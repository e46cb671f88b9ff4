import { CORE_SCHEMA, boolYaml11Tag, intYaml11Tag, load, mergeTag } from 'js-yaml'
import { badRequest, unsupportedMediaType } from '../../apimachinery/errors.ts'
import { JsonSyntaxError, parseJson } from '../../apimachinery/schema/json-text.ts'
import type { PatchType } from '../api.ts'
import { headerOf, type HttpRequest } from './types.ts'

/** A body as a value, with the fields that were written twice. */
export interface ParsedBody {
  readonly value: unknown
  readonly duplicates?: ReadonlyMap<object, readonly string[]>
}

/** YAML as kubectl and the API server read it: 1.1 booleans and octal numbers, dates stay text. */
const YAML_SCHEMA = CORE_SCHEMA.withTags(mergeTag, boolYaml11Tag, intYaml11Tag)

export function parseYaml(text: string): unknown {
  return load(text, { schema: YAML_SCHEMA })
}

const mediaType = (request: HttpRequest) =>
  (headerOf(request.headers, 'content-type') ?? 'application/json').split(';', 1)[0]?.trim().toLowerCase() ?? ''

const OFFERED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'
const unknownFormat = (offered: string) =>
  unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${offered}`)

/** The object in the body of a create or update; `kind` is what it should be, for the error text. */
export function parseObject(request: HttpRequest, kind: string): ParsedBody {
  const media = mediaType(request)
  if (media === 'application/yaml') return { value: readYaml(request.body) }
  if (media !== 'application/json' && media !== '') throw unknownFormat(OFFERED)
  const parsed = readJson(request.body, (why) =>
    unrecognized(request.body, kind, `couldn't get version/kind; json parse error: ${why}`),
  )
  const { value } = parsed
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return parsed
  const met = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value
  throw unrecognized(
    request.body,
    kind,
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${met} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
  )
}

function unrecognized(body: string, kind: string, why: string) {
  const hex = Array.from(body.slice(0, 30), (char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${why} (${body === '' ? '<empty>' : body.length > 30 ? `${hex} ...` : hex})`,
  )
}

function readJson(text: string, refuse: (why: string) => Error): ParsedBody {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw refuse(error.message)
    throw error
  }
}

function readYaml(text: string): unknown {
  try {
    return parseYaml(text)
  } catch (error) {
    throw badRequest(
      `error converting YAML to JSON: ${error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)}`,
    )
  }
}

const PATCH_TYPES: { readonly [media: string]: PatchType } = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
}

/** What kind of patch the request carries. Custom resources know no strategic ones. */
export function patchTypeOf(request: HttpRequest, custom: boolean): PatchType {
  const type = PATCH_TYPES[mediaType(request)]
  if (type && !(custom && type === 'strategic')) return type
  const offered = Object.keys(PATCH_TYPES).filter((media) => !custom || !media.includes('strategic'))
  throw unknownFormat(offered.join(', '))
}

/** The patch in the body. */
export function parsePatch(request: HttpRequest, type: PatchType): ParsedBody {
  if (type === 'apply') {
    try {
      return { value: parseYaml(request.body) }
    } catch (error) {
      throw badRequest(`error decoding YAML: ${error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)}`)
    }
  }
  const head = type === 'strategic' ? '' : 'error decoding patch: '
  return readJson(request.body, (why) => badRequest(`${head}${why}`))
}

/** DeleteOptions in the body of a delete, if there are any. */
export function parseDeleteBody(request: HttpRequest): unknown {
  if (request.body === '') return undefined
  if (mediaType(request) === 'application/yaml') return readYaml(request.body)
  return readJson(request.body, (why) => badRequest(`couldn't get version/kind; json parse error: ${why}`)).value
}
