import {
  boolYaml11Tag,
  CORE_SCHEMA,
  dump,
  EVENT_ID,
  intYaml11Tag,
  load,
  mergeTag,
  parseEvents,
  YAML11_SCHEMA,
  YAMLException,
} from 'js-yaml'
import type { JsonObject } from '../apimachinery/resource.ts'

/** Reads as kubectl's YAML library does: YAML 1.1 booleans and octal numbers, merge keys, times as text. */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag, boolYaml11Tag, intYaml11Tag)

/** Larger files are refused: etcd's request limit is 1.5 MiB an object, and people paste at most a few. */
export const MAX_MANIFEST_BYTES = 3 * 1024 * 1024

/** A place in a text, from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface ManifestError extends Position {
  readonly message: string
}

/** One document of a manifest file. */
export interface ManifestDocument {
  /** Among the file's non-empty documents, from 0. */
  readonly index: number
  /** First line in the file, from 1. */
  readonly line: number
  readonly text: string
  /** The value, unless the text does not parse. */
  readonly value?: unknown
  readonly error?: ManifestError
}

/**
 * Splits a file at '---' lines and parses each document on its own, so that one broken document does not spoil the
 * others. Empty documents and comments are left out. A document that is a List gives its items.
 */
export function parseManifest(text: string): readonly ManifestDocument[] {
  const documents: ManifestDocument[] = []
  for (const { text: part, line } of splitDocuments(text)) {
    const parsed = parseDocument(part, line)
    if (parsed === null) continue
    documents.push({ index: documents.length, line, text: part, ...parsed })
  }
  return documents
}

function splitDocuments(text: string): { text: string; line: number }[] {
  const parts: { text: string; line: number }[] = []
  let lines: string[] = []
  let first = 1
  const flush = (next: number) => {
    parts.push({ text: lines.join('\n'), line: first })
    lines = []
    first = next
  }
  text.split(/\r?\n/).forEach((line, i) => {
    if (/^---(\s|$)/.test(line)) {
      flush(i + 1)
      lines.push(line.replace(/^---/, '   '))
    } else lines.push(line)
  })
  flush(0)
  return parts
}

function parseDocument(text: string, firstLine: number): { value: unknown } | { error: ManifestError } | null {
  if (/^\s*(#.*\s*)*$/.test(text.replace(/^%.*$/gm, ''))) return null
  try {
    const value = load(text, { schema: SCHEMA })
    return value === null || value === undefined ? null : { value }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const line = firstLine + (error.mark?.line ?? 0)
    const column = (error.mark?.column ?? 0) + 1
    return {
      error: {
        line,
        column,
        message: `error parsing YAML: line ${line}, column ${column}: ${error.reason}${hint(error.reason ?? '')}`,
      },
    }
  }
}

/** What was probably meant, for the errors that people run into most. */
function hint(reason: string): string {
  if (reason.includes('tab')) return '; indent with spaces'
  if (reason.includes('bad indentation')) return '; expected the same indentation as the lines beside it, or a key ending in ":"'
  if (reason.includes('deficient indentation')) return '; expected a closing bracket or deeper indentation'
  if (reason.includes('duplicated mapping key')) return '; each key may appear once'
  return ''
}

/**
 * Finds a field in a document's text. `path` is as in API errors: spec.template.spec.containers[0].image. The nearest
 * enclosing field that exists is given when the field itself does not.
 */
export function locateField(document: Pick<ManifestDocument, 'text' | 'line'>, path: string): Position {
  const places = fieldPlaces(document.text)
  for (let wanted = normalizePath(path); ; wanted = parentOf(wanted)) {
    const offset = places.get(wanted)
    if (offset !== undefined) return positionAt(document, offset)
    if (wanted === '') return { line: document.line + leadingBlankLines(document.text), column: 1 }
  }
}

/** 'a.b["c"][0]' -> 'a.b.c[0]' */
function normalizePath(path: string): string {
  return path
    .replace(/\["?([^\]"]+)"?\]/g, (whole, inner: string) => (/^\d+$/.test(inner) ? whole : `.${inner}`))
    .replace(/^\./, '')
}

function parentOf(path: string): string {
  const cut = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['))
  return cut <= 0 ? '' : path.slice(0, cut)
}

/** Offset of each field's key (or list item's value) in the text. */
function fieldPlaces(text: string): Map<string, number> {
  const places = new Map<string, number>()
  type Level = { readonly path: string; readonly list: boolean; count: number; key: string | null }
  const levels: Level[] = []
  const childPath = (level: Level): string =>
    level.list ? `${level.path}[${level.count}]` : level.path === '' ? (level.key ?? '') : `${level.path}.${level.key ?? ''}`
  const closeValue = () => {
    const level = levels.at(-1)
    if (!level) return
    level.count++
    level.key = null
  }
  for (const event of parseEvents(text, {})) {
    const level = levels.at(-1)
    if (event.type === EVENT_ID.SCALAR) {
      const start = event.valueStart
      if (level && !level.list && level.key === null) {
        level.key = text.slice(start, event.valueEnd)
        places.set(childPath(level), start)
        continue
      }
      if (level?.list) places.set(childPath(level), start)
      closeValue()
    } else if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) {
      const path = level ? childPath(level) : ''
      if (level?.list && event.start >= 0) places.set(path, event.start)
      levels.push({ path, list: event.type === EVENT_ID.SEQUENCE, count: 0, key: null })
    } else if (event.type === EVENT_ID.ALIAS) closeValue()
    else if (event.type === EVENT_ID.POP) {
      levels.pop()
      closeValue()
    }
  }
  return places
}

function leadingBlankLines(text: string): number {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => line.trim() !== '' && !line.trim().startsWith('#'))
  return Math.max(first, 0)
}

function positionAt(document: Pick<ManifestDocument, 'text' | 'line'>, offset: number): Position {
  const before = document.text.slice(0, offset)
  const line = before.split('\n').length
  return { line: document.line + line - 1, column: offset - before.lastIndexOf('\n') }
}

/** An object as kubectl prints it with -o yaml: keys sorted, lists not indented. */
export function toYaml(value: unknown): string {
  return dump(value, { schema: YAML11_SCHEMA, seqNoIndent: true, quoteStyle: 'double', lineWidth: -1, sortKeys: true })
}

/** The object without what only machines read: managedFields. */
export function withoutManagedFields<T extends { readonly metadata: object }>(object: T): T {
  const { managedFields: _dropped, ...metadata } = object.metadata as { managedFields?: unknown }
  return { ...object, metadata } as T
}

/** Items of a List document, or the object itself. */
export function itemsOf(value: unknown): readonly JsonObject[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const object = value as JsonObject
  const { kind, items } = object
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) return items as JsonObject[]
  return [object]
}
