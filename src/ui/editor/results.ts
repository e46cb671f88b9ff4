import type { DocumentResult } from '../../worker/protocol.ts'
import type { Problem } from './monaco.ts'

/** Where the text is wrong, for markers and for the list below the editor. */
export function problemsOf(results: readonly DocumentResult[]): readonly Problem[] {
  return results.flatMap((result) => {
    if (result.markers.length > 0) return result.markers
    return result.outcome === 'failed' ? [{ line: result.line, column: 1, message: result.message }] : []
  })
}

/** Both sides of a dry run as one pair of texts, documents in order. Undefined when nothing has a diff. */
export function diffOf(results: readonly DocumentResult[]): { readonly before: string; readonly after: string } | undefined {
  const diffs = results.flatMap((result) => (result.diff ? [result.diff] : []))
  if (diffs.length === 0) return undefined
  const join = (texts: readonly string[]): string => texts.map((text) => text.trimEnd()).join('\n---\n')
  return { before: join(diffs.map((diff) => diff.before ?? '')), after: join(diffs.map((diff) => diff.after)) }
}
