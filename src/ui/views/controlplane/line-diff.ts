export interface DiffLine {
  readonly type: 'same' | 'added' | 'removed'
  readonly text: string
}
/** A run of equal lines that is not shown. */
export interface DiffGap {
  readonly type: 'gap'
  readonly lines: number
}

/** Equal lines shown around each change. */
const AROUND = 3
/** Beyond this many line pairs the middle is shown as removed and added as a whole. */
const MOST_PAIRS = 4_000_000

/** Two texts line by line; what is equal and far from any change is folded. */
export function lineDiff(before: string, after: string): readonly (DiffLine | DiffGap)[] {
  return fold(diffLines(before.split('\n'), after.split('\n')))
}

function diffLines(a: readonly string[], b: readonly string[]): DiffLine[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const same = (text: string): DiffLine => ({ type: 'same', text })
  return [
    ...a.slice(0, start).map(same),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ]
}

/** Longest common subsequence, by table. */
function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ type: 'removed', text })
  const added = (text: string): DiffLine => ({ type: 'added', text })
  if (a.length * b.length === 0 || a.length * b.length > MOST_PAIRS) return [...a.map(removed), ...b.map(added)]
  const width = b.length + 1
  const longest = new Uint16Array((a.length + 1) * width)
  const at = (i: number, j: number) => longest[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const out: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      out.push({ type: 'same', text: a[i++] ?? '' })
      j++
    } else if (at(i + 1, j) >= at(i, j + 1)) out.push(removed(a[i++] ?? ''))
    else out.push(added(b[j++] ?? ''))
  }
  return [...out, ...a.slice(i).map(removed), ...b.slice(j).map(added)]
}

function fold(lines: readonly DiffLine[]): (DiffLine | DiffGap)[] {
  const shown = new Set<number>()
  lines.forEach((line, at) => {
    if (line.type === 'same') return
    for (let i = at - AROUND; i <= at + AROUND; i++) shown.add(i)
  })
  const out: (DiffLine | DiffGap)[] = []
  let hidden = 0
  lines.forEach((line, at) => {
    if (!shown.has(at)) {
      hidden++
      return
    }
    if (hidden > 0) out.push({ type: 'gap', lines: hidden })
    hidden = 0
    out.push(line)
  })
  if (hidden > 0) out.push({ type: 'gap', lines: hidden })
  return out
}
