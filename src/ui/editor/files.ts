/** Reading manifests from files. */

export const MAX_BYTES = 3 * 2 ** 20

export interface NamedFile {
  readonly name: string
  readonly size: number
  readonly text: () => Promise<string>
}
export type ReadResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: 'tooLarge' | 'notText' | 'none'; readonly name: string }

/** One text of all files, each as documents of its own. Refuses more than 3 MB, and what is not text. */
export async function readManifests(files: readonly NamedFile[]): Promise<ReadResult> {
  if (files.length === 0) return { ok: false, reason: 'none', name: '' }
  const total = files.reduce((sum, file) => sum + file.size, 0)
  if (total > MAX_BYTES)
    return { ok: false, reason: 'tooLarge', name: files.length === 1 ? (files[0]?.name ?? '') : `${files.length} files` }
  const texts = await Promise.all(files.map((file) => file.text()))
  const binary = texts.findIndex((text) => text.includes('\u0000'))
  if (binary >= 0) return { ok: false, reason: 'notText', name: files[binary]?.name ?? '' }
  return { ok: true, text: joinDocuments(texts) }
}

/** Texts one after the other, with '---' between them where it is missing. */
export function joinDocuments(texts: readonly string[]): string {
  const bodies = texts.map((text) => text.replace(/^\uFEFF/, '').replace(/\s+$/, '')).filter((text) => text !== '')
  return bodies.map((text, i) => (i > 0 && !text.startsWith('---') ? `---\n${text}\n` : `${text}\n`)).join('')
}

/** Lines, from 1, on which documents with any content begin. */
export function documentLines(text: string): readonly number[] {
  const starts: number[] = []
  let open = false
  text.split('\n').forEach((line, i) => {
    if (/^---(\s|$)/.test(line)) open = false
    else if (!open && /^\s*[^\s#]/.test(line)) {
      open = true
      starts.push(i + 1)
    }
  })
  return starts
}
