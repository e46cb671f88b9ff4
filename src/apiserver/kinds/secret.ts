import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, required, tooLong } from '../../apimachinery/field-errors.ts'
import type { Secret } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { base64Length, checkDeclaredImmutable, MAX_DATA_BYTES } from './configmap.ts'
import { decodeBase64, encodeBase64 } from './shared/base64.ts'
import { checkConfigMapKey, checkImmutable } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { omit, omitZero, orDefault } from './shared/compact.ts'

/** stringData is write-only: it ends in data. */
function defaults(secret: Secret): Secret {
  const { stringData, data } = secret
  const plain = omit(secret, ['stringData'])
  const added = Object.entries(stringData ?? {}).map(([key, text]) => [key, encodeBase64(text)])
  const withType = { ...plain, type: orDefault(secret.type, 'Opaque') }
  return added.length === 0
    ? omitZero<Secret>(withType, ['data'])
    : { ...withType, data: { ...data, ...Object.fromEntries(added) } }
}

/** What Go's JSON decoder says about a text that is no JSON object. '' when it is one. */
function jsonProblem(text: string): string {
  if (text.trim() === '') return 'unexpected end of JSON input'
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || (typeof value === 'object' && !Array.isArray(value))) return ''
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return syntaxProblem(text)
  }
}

/** SIMPLIFIED: names the first character that can't begin a value; a break later on is called an early end. */
function syntaxProblem(text: string): string {
  const first = text.trim()[0] ?? ''
  if (/[[{"\d\-tfn]/.test(first)) return 'unexpected end of JSON input'
  return `invalid character ${first === "'" ? "'\\''" : `'${first}'`} looking for beginning of value`
}

function checkDockerConfig(data: { readonly [key: string]: string }, key: string): FieldError[] {
  const text = data[key]
  if (text === undefined) return [required(`data[${key}]`)]
  const problem = jsonProblem(decodeBase64(text))
  return problem === '' ? [] : [invalid(`data[${key}]`, '<secret contents redacted>', problem)]
}

function checkType(secret: Secret): FieldError[] {
  const { data = {}, type } = secret
  const need = (keys: readonly string[]) => keys.map((key) => required(`data[${key}]`))
  switch (type) {
    case 'kubernetes.io/service-account-token': {
      const key = 'kubernetes.io/service-account.name'
      return secret.metadata.annotations?.[key] ? [] : [required(`metadata.annotations[${key}]`)]
    }
    case 'kubernetes.io/dockercfg':
      return checkDockerConfig(data, '.dockercfg')
    case 'kubernetes.io/dockerconfigjson':
      return checkDockerConfig(data, '.dockerconfigjson')
    case 'kubernetes.io/basic-auth':
      return data['username'] === undefined && data['password'] === undefined ? need(['username', 'password']) : []
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : need(['ssh-privatekey'])
    case 'kubernetes.io/tls':
      return need(['tls.crt', 'tls.key'].filter((key) => data[key] === undefined))
    default:
      return []
  }
}

function validate(secret: Secret): FieldError[] {
  const entries = Object.entries(secret.data ?? {})
  const errors = entries.flatMap(([key]) => checkConfigMapKey(key, `data[${key}]`))
  const bytes = entries.reduce((sum, [, text]) => sum + base64Length(text), 0)
  if (bytes > MAX_DATA_BYTES) errors.push(tooLong('data', MAX_DATA_BYTES))
  return [...errors, ...checkType(secret)]
}

/** k8s 1.36: registry/core/secret strategy.go. */
export const secret = defineStrategy<Secret>({
  group: '',
  resource: 'secrets',
  defaults,
  validate,
  validateUpdate: (object, old) => [
    ...checkImmutable(object.type, old.type, 'type'),
    ...checkDeclaredImmutable(object, old, ['data']),
    ...validate(object),
  ],
  fields: { type: (s) => s.type ?? '' },
  columns: [
    nameColumn,
    column('Type', 'V1Secret.type', (s) => s.type ?? ''),
    column('Data', 'V1Secret.data', (s) => Object.keys(s.data ?? {}).length),
    ageColumn,
  ],
})
