import type { PathChange } from './protocol.ts'

/** Texts longer than this are cut: whole specs of new objects are read in the YAML. */
const LONGEST = 400
/** Fields of list items that tell one from another, the best first. */
const KEYS = ['name', 'type', 'uid', 'ip', 'containerPort', 'port', 'key', 'mountPath'] as const

type Plain = { readonly [key: string]: unknown }

/**
 * Fields that differ between two forms of an object, in the order of the newer one. List items are matched by a field
 * that names them, as `conditions[Ready]`; else by place. resourceVersion and managedFields are left out.
 */
export function diffObjects(before: unknown, after: unknown): PathChange[] {
  const out: PathChange[] = []
  compare('', before, after, out)
  return out
}

function compare(path: string, before: unknown, after: unknown, out: PathChange[]): void {
  if (before === after || IGNORED.has(path)) return
  if (isPlain(before) && isPlain(after)) {
    for (const key of new Set([...Object.keys(after), ...Object.keys(before)]))
      compare(`${path}${step(key)}`, before[key], after[key], out)
  } else if (Array.isArray(before) && Array.isArray(after)) compareLists(path, before, after, out)
  else {
    const [was, is] = [text(before), text(after)]
    if (was !== is) out.push({ path: path || '.', before: was, after: is })
  }
}

function compareLists(path: string, before: readonly unknown[], after: readonly unknown[], out: PathChange[]): void {
  const key = KEYS.find((name) => names(before, name) && names(after, name))
  const was = index(before, key)
  const is = index(after, key)
  for (const at of new Set([...is.keys(), ...was.keys()])) compare(`${path}[${at}]`, was.get(at), is.get(at), out)
}

/** Whether every item has the field, each another value. */
function names(list: readonly unknown[], key: string): boolean {
  const values = new Set(list.map((item) => (isPlain(item) ? item[key] : undefined)))
  return values.size === list.length && !values.has(undefined)
}

function index(list: readonly unknown[], key: string | undefined): Map<string, unknown> {
  return new Map(list.map((item, at) => [String(key === undefined ? at : (item as Plain)[key]), item]))
}

function step(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function text(value: unknown): string | null {
  if (value === undefined) return null
  const json = JSON.stringify(value)
  return json.length > LONGEST ? `${json.slice(0, LONGEST)}…` : json
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const IGNORED: ReadonlySet<string> = new Set(['.metadata.resourceVersion', '.metadata.managedFields', '.kind', '.apiVersion'])
