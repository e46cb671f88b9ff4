// Writes src/apimachinery/generated/ from @kubernetes/client-node (release-1.36, Apache-2.0).
//
// In:  the package's API classes (paths, methods, answer types) and model classes (fields, formats, texts).
// Out: resources.json    every built-in resource of the stable versions, with verbs, scope and subresources
//      definitions.json  every model reachable from them: field -> type code, plus the required fields
//      descriptions.json model -> field -> text ("" holds the model's own), loaded only where texts are shown
//      types.ts          the same models as readonly TypeScript interfaces
//      resources.ts      one typed ResourceRef per resource, for clients
// The folder is not under version control; npm runs this before start, build, check and test.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const gen = join(root, 'node_modules/@kubernetes/client-node/dist/gen')
const out = join(root, 'src/apimachinery/generated')

const stamp = join(out, 'resources.ts')
const self = fileURLToPath(import.meta.url)
const source = join(root, 'node_modules/@kubernetes/client-node/package.json')
if (existsSync(stamp) && !process.argv.includes('--force')) {
  const made = statSync(stamp).mtimeMs
  if (made > statSync(self).mtimeMs && made > statSync(source).mtimeMs) process.exit(0)
}

const VERB = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

/** Reads every generated API class: [{ path, verb, answer, operation }]. */
function readOperations() {
  const operations = []
  for (const file of readdirSync(join(gen, 'apis'))) {
    if (!/V\d+Api\.js$/.test(file)) continue
    const code = readFileSync(join(gen, 'apis', file), 'utf8')
    const types = readFileSync(join(gen, 'apis', file.replace(/\.js$/, '.d.ts')), 'utf8')
    const answers = new Map()
    for (const m of types.matchAll(/(\w+)WithHttpInfo\(response: ResponseContext\): Promise<HttpInfo<([^;]+)>>;/g))
      answers.set(m[1], m[2])
    const pattern = /async (\w+)\([^)]*\) \{[\s\S]*?localVarPath = '([^']+)'[\s\S]*?HttpMethod\.(\w+)\)/g
    for (const m of code.matchAll(pattern)) {
      if (!VERB[m[3]]) continue
      operations.push({ operation: m[1], path: m[2], verb: VERB[m[3]], answer: answers.get(m[1]) ?? 'any' })
    }
  }
  return operations
}

/** '/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale' -> its parts, or null for other paths. */
function parsePath(path) {
  const m =
    /^\/(?:api|apis\/([^/]+))\/(v[^/]+)\/(namespaces\/\{namespace\}\/)?([a-z]+)(\/\{name\})?(?:\/([a-z]+))?(\/\{path\})?$/.exec(
      path,
    )
  if (!m) return null
  return { group: m[1] ?? '', version: m[2], namespaced: !!m[3], plural: m[4], named: !!m[5], sub: m[6], tail: !!m[7] }
}

function collectResources(operations) {
  const resources = new Map()
  for (const { path, verb, answer, operation } of operations) {
    const p = parsePath(path)
    if (!p || p.tail) continue
    const id = `${p.group}/${p.version}/${p.plural}`
    const r = resources.get(id) ?? {
      group: p.group,
      version: p.version,
      plural: p.plural,
      kind: '',
      model: '',
      namespaced: false,
      verbs: new Set(),
      subresources: new Map(),
    }
    resources.set(id, r)
    if (p.namespaced) r.namespaced = true
    if (p.sub) {
      const s = r.subresources.get(p.sub) ?? { name: p.sub, model: '', verbs: new Set() }
      r.subresources.set(p.sub, s)
      s.verbs.add(operation.startsWith('connect') ? (verb === 'get' ? 'get' : verb) : verb)
      if (answer !== 'any' && answer !== 'string' && answer !== 'V1Status') s.model = answer
      continue
    }
    if (verb === 'get' && !p.named) {
      r.verbs.add('list').add('watch')
      continue
    }
    r.verbs.add(verb === 'delete' && !p.named ? 'deletecollection' : verb)
    if ((verb === 'get' || verb === 'create') && answer !== 'V1Status') r.model = answer
  }
  const kindOf = (model) => model.replace(/^(?:[A-Z][a-z]+)?V\d+((?:alpha|beta)\d+)?(?=[A-Z])/, '')
  for (const r of resources.values()) {
    if (!r.verbs.has('get')) {
      r.verbs.delete('list')
      r.verbs.delete('watch')
    }
    if (r.plural === 'componentstatuses') r.verbs.delete('watch')
    r.kind = kindOf(r.model)
    for (const s of r.subresources.values()) s.kind = s.model ? kindOf(s.model) : r.kind
  }
  return [...resources.values()].filter((r) => r.model)
}

const text = (s) =>
  s
    .replace(/\\(['"])/g, '$1')
    .replace(/\s*\n\s*\*?\s*/g, ' ')
    .trim()

/** 'Array<V1Container>' with format -> our type code. */
function typeCode(type, format) {
  const array = /^Array<(.+)>$/.exec(type)
  if (array) return `[]${typeCode(array[1], format)}`
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)
  if (map) return `{}${typeCode(map[1], format)}`
  if (type === 'number') return format || 'double'
  if (type === 'Date' || type === 'V1MicroTime')
    return format === 'date-time-micro' || type === 'V1MicroTime' ? 'micro-time' : 'date-time'
  if (type === 'string') return format === 'byte' ? 'byte' : 'string'
  if (type === 'IntOrString') return 'int-or-string'
  if (type === 'boolean') return 'bool'
  if (type === 'any' || type === 'object') return 'any'
  return type
}

async function readModels(roots) {
  const definitions = {}
  const descriptions = {}
  const queue = [...roots]
  while (queue.length) {
    const name = queue.pop()
    if (definitions[name]) continue
    const js = join(gen, 'models', `${name}.js`)
    const model = (await import(js))[name]
    const dts = readFileSync(js.replace(/\.js$/, '.d.ts'), 'utf8')
    const required = []
    const texts = {}
    const head = /\/\*\*\n((?:(?!\*\/)[\s\S])*)\*\/\nexport declare class/.exec(dts.slice(dts.indexOf('*/') + 2))
    if (head) texts[''] = text(head[1].replace(/^\s*\*\s?/gm, ''))
    for (const m of dts.matchAll(/(?:\/\*\*\n((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {4}'([^']+)'(\?)?: /gm)) {
      if (!m[3]) required.push(m[2])
      if (m[1]) texts[m[2]] = text(m[1].replace(/^\s*\*\s?/gm, ''))
    }
    const fields = {}
    const byBase = {}
    for (const a of model.attributeTypeMap) {
      const code = typeCode(a.type, a.format)
      fields[a.baseName] = code
      byBase[a.name] = a.baseName
      const ref = code.replace(/^(\[\]|\{\})+/, '')
      if (/^[A-Z]/.test(ref)) queue.push(ref)
    }
    definitions[name] = { required: required.map((n) => byBase[n] ?? n), fields }
    descriptions[name] = Object.fromEntries(Object.entries(texts).map(([k, v]) => [byBase[k] ?? k, v]))
  }
  return { definitions, descriptions }
}

/** V1Pod -> Pod; other versions and prefixed names stay as they are. */
const tsName = (model) => model.replace(/^V1(?=[A-Z])/, '')

function tsType(code) {
  if (code.startsWith('[]')) return `readonly ${wrap(tsType(code.slice(2)))}[]`
  if (code.startsWith('{}')) return `{ readonly [key: string]: ${tsType(code.slice(2))} }`
  switch (code) {
    case 'int32':
    case 'int64':
    case 'double':
      return 'number'
    case 'string':
    case 'byte':
    case 'date-time':
    case 'micro-time':
      return 'string'
    case 'bool':
      return 'boolean'
    case 'int-or-string':
      return 'IntOrString'
    case 'any':
      return 'JsonValue'
    default:
      return tsName(code)
  }
}
const wrap = (t) => (t.startsWith('readonly') ? `(${t})` : t)

function writeTypes(definitions, kinds) {
  const lines = [
    '// Generated by scripts/generate.mjs from the Kubernetes 1.36 API description. Not under version control.',
    '',
    'export type IntOrString = number | string',
    'export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }',
    '',
  ]
  for (const name of Object.keys(definitions).sort()) {
    const { required, fields } = definitions[name]
    lines.push(`export interface ${tsName(name)} {`)
    const top = kinds.has(name)
    for (const [field, code] of Object.entries(fields)) {
      const must = required.includes(field) || (top && field === 'metadata')
      lines.push(`  readonly ${/^\w+$/.test(field) ? field : `'${field}'`}${must ? '' : '?'}: ${tsType(code)}`)
    }
    lines.push('}', '')
  }
  return lines.join('\n')
}

function writeRefs(resources) {
  const lines = [
    '// Generated by scripts/generate.mjs from the Kubernetes 1.36 API description. Not under version control.',
    "import type { ResourceRef } from '../resource.ts'",
    "import type * as t from './types.ts'",
    '',
  ]
  const taken = new Map()
  for (const r of resources) taken.set(r.plural, (taken.get(r.plural) ?? 0) + 1)
  for (const r of resources) {
    if (!r.verbs.has('get') && !r.verbs.has('create')) continue
    const plain =
      taken.get(r.plural) === 1 ||
      (r.group === '' && r.version === 'v1') ||
      (r.plural === 'horizontalpodautoscalers' && r.version === 'v2')
    const name = plain ? r.plural : `${r.plural}_${r.group.split('.')[0] || 'core'}_${r.version}`
    lines.push(
      `export const ${name}: ResourceRef<t.${tsName(r.model)}> = { group: '${r.group}', version: '${r.version}', resource: '${r.plural}', kind: '${r.kind}', namespaced: ${r.namespaced} }`,
    )
  }
  return lines.join('\n') + '\n'
}

const resources = collectResources(readOperations())
const roots = new Set([
  'V1Status',
  'V1DeleteOptions',
  'V1APIResourceList',
  'V1APIGroupList',
  'V1APIVersions',
  'V1Scale',
  'V1LabelSelector',
  'V1ListMeta',
])
for (const r of resources) {
  roots.add(r.model)
  for (const s of r.subresources.values()) if (s.model) roots.add(s.model)
}
const { definitions, descriptions } = await readModels(roots)
const kinds = new Set(resources.map((r) => r.model))
const plain = resources.map((r) => ({
  ...r,
  verbs: [...r.verbs].sort(),
  subresources: [...r.subresources.values()]
    .map((s) => ({ ...s, verbs: [...s.verbs].sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
}))

mkdirSync(out, { recursive: true })
writeFileSync(join(out, 'resources.json'), JSON.stringify(plain))
writeFileSync(join(out, 'definitions.json'), JSON.stringify(definitions))
writeFileSync(join(out, 'descriptions.json'), JSON.stringify(descriptions))
writeFileSync(join(out, 'types.ts'), writeTypes(definitions, kinds))
writeFileSync(join(out, 'resources.ts'), writeRefs(resources))
console.log(`generated ${resources.length} resources and ${Object.keys(definitions).length} models`)
