/** Which fields differ between two objects, and which an object sets. Source: structured-merge-diff typed, compare and tofieldset. */
import { jsonEqual } from '../equal.ts'
import type { ListType, Type } from '../schema/schema.ts'
import { entriesOf, fieldType, formOf, indexItems, isAtomic, isMap } from './elements.ts'
import { FieldSetBuilder } from './fieldset.ts'
import type { FieldSet } from './fieldset.ts'

export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

interface Walk {
  readonly added: FieldSetBuilder
  readonly modified: FieldSetBuilder
  readonly removed: FieldSetBuilder
  readonly path: string[]
}

const isEmpty = (value: unknown) =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) ? value.length === 0 : isMap(value) && entriesOf(value).length === 0)

function compareLeaf(walk: Walk, before: unknown, after: unknown): void {
  if (before === undefined) walk.added.insert(walk.path)
  else if (after === undefined) walk.removed.insert(walk.path)
  else if (!jsonEqual(before, after)) walk.modified.insert(walk.path)
}

function descend(walk: Walk, element: string, type: Type, before: unknown, after: unknown): void {
  walk.path.push(element)
  compareValues(walk, type, before, after)
  walk.path.pop()
}

function compareValues(walk: Walk, type: Type, before: unknown, after: unknown): void {
  if (before === after) return
  const form = formOf(type, after === undefined || after === null ? before : after)
  const other = formOf(type, before === undefined || before === null ? after : before)
  if (form.kind === 'leaf' || form.kind !== other.kind || isAtomic(form.type) || (isEmpty(before) && isEmpty(after))) {
    compareLeaf(walk, before, after)
    return
  }
  if (form.kind === 'list') compareLists(walk, form.type, Array.isArray(before) ? before : [], Array.isArray(after) ? after : [])
  else compareMaps(walk, form.type, isMap(before) ? before : {}, isMap(after) ? after : {})
  if (before === undefined) walk.added.insert(walk.path)
  else if (after === undefined) walk.removed.insert(walk.path)
}

function compareMaps(
  walk: Walk,
  type: Type,
  before: { readonly [key: string]: unknown },
  after: { readonly [key: string]: unknown },
): void {
  for (const key in before) {
    if (before[key] === after[key]) continue
    descend(walk, `f:${key}`, fieldType(type, key).type, before[key], after[key])
  }
  for (const key in after) {
    if (before[key] === undefined && after[key] !== undefined)
      descend(walk, `f:${key}`, fieldType(type, key).type, undefined, after[key])
  }
}

function compareLists(walk: Walk, type: ListType, before: readonly unknown[], after: readonly unknown[]): void {
  const old = indexItems(type, before)
  const fresh = indexItems(type, after)
  for (const element of new Set([...old.keys(), ...fresh.keys()])) {
    const left = old.get(element) ?? []
    const right = fresh.get(element) ?? []
    if (left.length <= 1 && right.length <= 1) {
      descend(walk, element, type.items, left[0], right[0])
    } else if (left.length >= 2 && right.length >= 2) {
      // Doubles are compared as a whole.
      if (!jsonEqual(left, right)) walk.modified.insert([...walk.path, element])
    } else if (left.length >= 2) {
      if (right.length > 0) descend(walk, element, type.items, undefined, right[0])
      walk.removed.insert([...walk.path, element])
    } else {
      if (left.length > 0) descend(walk, element, type.items, left[0], undefined)
      walk.added.insert([...walk.path, element])
    }
  }
}

/** Compares two objects of one type. Shared structure costs nothing. */
export function compare(type: Type, before: unknown, after: unknown): Comparison {
  const walk: Walk = { added: new FieldSetBuilder(), modified: new FieldSetBuilder(), removed: new FieldSetBuilder(), path: [] }
  compareValues(walk, type, before, after)
  return { added: walk.added.build(), modified: walk.modified.build(), removed: walk.removed.build() }
}

function collect(set: FieldSetBuilder, path: string[], type: Type, value: unknown): void {
  const form = formOf(type, value)
  if (form.kind === 'leaf' || isAtomic(form.type)) {
    set.insert(path)
  } else if (form.kind === 'list') {
    if (Array.isArray(value)) collectItems(set, path, form.type, value)
  } else if (isMap(value)) {
    for (const [key, member] of entriesOf(value)) {
      const { type: inner, declared } = fieldType(form.type, key)
      path.push(`f:${key}`)
      collect(set, path, inner, member)
      if (!declared || member === null || (isMap(member) && entriesOf(member).length === 0)) set.insert(path)
      path.pop()
    }
  }
}

function collectItems(set: FieldSetBuilder, path: string[], type: ListType, list: readonly unknown[]): void {
  for (const [element, items] of indexItems(type, list)) {
    path.push(element)
    if (items.length === 1) collect(set, path, type.items, items[0])
    set.insert(path)
    path.pop()
  }
}

/** The fields that an applied configuration sets. */
export function fieldsOfObject(type: Type, value: unknown): FieldSet {
  const set = new FieldSetBuilder()
  collect(set, [], type, value)
  return set.build()
}
