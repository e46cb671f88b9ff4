/**
 * Sets of fields, as fieldsV1 writes them: a tree of path elements ('f:spec', 'k:{"name":"c"}', 'v:"x"').
 * A node without children is a member; one with children is a member only if it holds '.'. The root is never a member.
 * Source: k8s 1.36 structured-merge-diff, fieldpath.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet
}
/** Path elements from the root. */
export type FieldPath = readonly string[]

type Draft = { [element: string]: Draft }

const LEAF: FieldSet = Object.freeze({})
export const EMPTY_SET: FieldSet = LEAF

const isMember = (node: FieldSet | undefined): boolean => {
  if (node === undefined) return false
  for (const _ in node) return '.' in node
  return true
}
const childNames = (node: FieldSet | undefined) => (node === undefined ? [] : Object.keys(node).filter((key) => key !== '.'))

function node(member: boolean, children: { readonly [element: string]: FieldSet }): FieldSet | undefined {
  for (const _ in children) return member ? { '.': LEAF, ...children } : children
  return member ? LEAF : undefined
}

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false
  return true
}

/** A set that grows path by path. */
export class FieldSetBuilder {
  private readonly root: Draft = {}

  /** Adds a field; its parents are not added. The empty path is ignored. */
  insert(path: FieldPath): void {
    let at = this.root
    let created = true
    for (const element of path) {
      let next = at[element]
      if (next === undefined) {
        // A leaf that gets children stays a member.
        if (!created && at !== this.root && Object.keys(at).length === 0) at['.'] = {}
        next = {}
        at[element] = next
        created = true
      } else {
        created = false
      }
      at = next
    }
    if (!created && path.length > 0 && Object.keys(at).length > 0) at['.'] = {}
  }

  build(): FieldSet {
    return this.root
  }
}

function unionNodes(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || a === b) return b
  if (b === undefined) return a
  const children: { [element: string]: FieldSet } = {}
  for (const key of [...childNames(a), ...childNames(b)]) {
    const child = unionNodes(a[key], b[key])
    if (child !== undefined) children[key] = child
  }
  return node(isMember(a) || isMember(b), children)
}

function intersectNodes(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || b === undefined) return undefined
  const children: { [element: string]: FieldSet } = {}
  for (const key of childNames(a)) {
    const child = intersectNodes(a[key], b[key])
    if (child !== undefined) children[key] = child
  }
  return node(isMember(a) && isMember(b), children)
}

function subtractNodes(a: FieldSet | undefined, b: FieldSet | undefined, deep: boolean): FieldSet | undefined {
  if (a === undefined || b === undefined) return a
  if (deep && isMember(b)) return undefined
  const children: { [element: string]: FieldSet } = {}
  for (const key of childNames(a)) {
    const child = subtractNodes(a[key], b[key], deep)
    if (child !== undefined) children[key] = child
  }
  return node(isMember(a) && !isMember(b), children)
}

/** Applies an operation on nodes to two roots, which are never members themselves. */
function onRoots(
  a: FieldSet,
  b: FieldSet,
  operation: (x: FieldSet | undefined, y: FieldSet | undefined) => FieldSet | undefined,
): FieldSet {
  const result: { [element: string]: FieldSet } = {}
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const child = operation(a[key], b[key])
    if (child !== undefined) result[key] = child
  }
  return result
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a)) return b
  return isEmptySet(b) ? a : onRoots(a, b, unionNodes)
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return onRoots(a, b, intersectNodes)
}

/** The members of a that are not members of b; children of b's members stay. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(b) ? a : onRoots(a, b, (x, y) => subtractNodes(x, y, false))
}

/** Like difference, but with a member of b goes everything below it. */
export function deepDifference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(b) ? a : onRoots(a, b, (x, y) => subtractNodes(x, y, true))
}

/** True if the field at this element (one step down) is a member. */
export function has(set: FieldSet, element: string): boolean {
  return isMember(set[element])
}

/** True if the field at a path is a member. */
export function hasPath(set: FieldSet, path: FieldPath): boolean {
  let at: FieldSet | undefined = set
  for (const element of path) at = at?.[element]
  return path.length > 0 && isMember(at)
}

/** The fields below an element, seen from there. */
export function below(set: FieldSet, element: string): FieldSet {
  const { '.': _, ...children } = set[element] ?? EMPTY_SET
  return children
}

/** With marks: what `mark` says of each element that has children becomes a member too. */
export function withMembers(
  set: FieldSet,
  mark: (element: string) => boolean,
  descend: (element: string, children: FieldSet) => FieldSet,
): FieldSet {
  const result: { [element: string]: FieldSet } = {}
  for (const [element, child] of Object.entries(set)) {
    if (element === '.') continue
    const inner = below(set, element)
    const marked = isMember(child) || (!isEmptySet(inner) && mark(element))
    const built = node(marked, isEmptySet(inner) ? {} : descend(element, inner))
    if (built !== undefined) result[element] = built
  }
  return result
}

const KIND_ORDER = 'fkvi'
const byElement = (a: string, b: string) =>
  KIND_ORDER.indexOf(a[0] ?? '') - KIND_ORDER.indexOf(b[0] ?? '') || (a < b ? -1 : a > b ? 1 : 0)

/** All members: at each level first the members, then what is below. */
export function paths(set: FieldSet, prefix: FieldPath = []): FieldPath[] {
  const elements = childNames(set).toSorted(byElement)
  const members = elements.filter((element) => isMember(set[element])).map((element) => [...prefix, element])
  return [...members, ...elements.flatMap((element) => paths(below(set, element), [...prefix, element]))]
}

/** The set with keys in the order that Kubernetes writes them. */
export function sortSet(set: FieldSet): FieldSet {
  const entries = childNames(set)
    .toSorted(byElement)
    .map((element): [string, FieldSet] => [element, sortSet(set[element] ?? LEAF)])
  return Object.fromEntries('.' in set ? [['.', LEAF], ...entries] : entries)
}

/** '.spec.containers[name="c"].image' */
export function formatFieldPath(path: FieldPath): string {
  return path.map(formatElement).join('')
}

function formatElement(element: string): string {
  const content = element.slice(2)
  if (element.startsWith('f:')) return `.${content}`
  if (element.startsWith('v:')) return `[=${content}]`
  if (element.startsWith('i:')) return `[${content}]`
  const keys: { readonly [key: string]: unknown } = JSON.parse(content)
  return `[${Object.entries(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}]`
}

/** 'metadata.labels' as a set of one. */
export function setOf(...dotted: readonly string[]): FieldSet {
  const builder = new FieldSetBuilder()
  for (const path of dotted) builder.insert(path.split('.').map((name) => `f:${name}`))
  return builder.build()
}
