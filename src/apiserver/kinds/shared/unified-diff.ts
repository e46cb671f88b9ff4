/** Unified diffs as Python's and Go's difflib make them. Source: github.com/pmezard/go-difflib. */

interface Match {
  readonly a: number
  readonly b: number
  readonly size: number
}

interface Edit {
  readonly same: boolean
  readonly a: readonly [number, number]
  readonly b: readonly [number, number]
}

type Positions = ReadonlyMap<string, readonly number[]>

/** Where each line is in the list. Lines that are everywhere in a long one are no place to begin a match. */
function positionsOf(lines: readonly string[]): Positions {
  const positions = new Map<string, number[]>()
  for (const [i, line] of lines.entries()) {
    const found = positions.get(line)
    if (found) found.push(i)
    else positions.set(line, [i])
  }
  const most = Math.floor(lines.length / 100) + 1
  if (lines.length >= 200) for (const [line, found] of positions) if (found.length > most) positions.delete(line)
  return positions
}

function longestMatch(
  a: readonly string[],
  b: readonly string[],
  positions: Positions,
  [alo, ahi, blo, bhi]: readonly number[],
): Match {
  let [besti, bestj, size] = [alo ?? 0, blo ?? 0, 0]
  const [aStart, aEnd, bStart, bEnd] = [alo ?? 0, ahi ?? 0, blo ?? 0, bhi ?? 0]
  let lengths = new Map<number, number>()
  for (let i = aStart; i < aEnd; i++) {
    const next = new Map<number, number>()
    for (const j of positions.get(a[i] ?? '') ?? []) {
      if (j < bStart) continue
      if (j >= bEnd) break
      const k = (lengths.get(j - 1) ?? 0) + 1
      next.set(j, k)
      if (k > size) [besti, bestj, size] = [i - k + 1, j - k + 1, k]
    }
    lengths = next
  }
  while (besti > aStart && bestj > bStart && a[besti - 1] === b[bestj - 1])
    [besti, bestj, size] = [besti - 1, bestj - 1, size + 1]
  while (besti + size < aEnd && bestj + size < bEnd && a[besti + size] === b[bestj + size]) size++
  return { a: besti, b: bestj, size }
}

function matches(a: readonly string[], b: readonly string[]): Match[] {
  const positions = positionsOf(b)
  const found: Match[] = []
  const search = (alo: number, ahi: number, blo: number, bhi: number) => {
    const match = longestMatch(a, b, positions, [alo, ahi, blo, bhi])
    if (match.size === 0) return
    if (alo < match.a && blo < match.b) search(alo, match.a, blo, match.b)
    found.push(match)
    const [aNext, bNext] = [match.a + match.size, match.b + match.size]
    if (aNext < ahi && bNext < bhi) search(aNext, ahi, bNext, bhi)
  }
  search(0, a.length, 0, b.length)
  return [...found, { a: a.length, b: b.length, size: 0 }]
}

function edits(a: readonly string[], b: readonly string[]): Edit[] {
  const result: Edit[] = []
  let [i, j] = [0, 0]
  for (const match of matches(a, b)) {
    if (i < match.a || j < match.b) result.push({ same: false, a: [i, match.a], b: [j, match.b] })
    ;[i, j] = [match.a + match.size, match.b + match.size]
    if (match.size === 0) continue
    const last = result.at(-1)
    const joined: Edit = { same: true, a: [match.a, i], b: [match.b, j] }
    if (last?.same) result[result.length - 1] = { same: true, a: [last.a[0], i], b: [last.b[0], j] }
    else result.push(joined)
  }
  return result
}

/** The edits with some lines around them; those that are far from each other apart. */
function grouped(a: readonly string[], b: readonly string[], context: number): Edit[][] {
  const all = edits(a, b)
  const groups: Edit[][] = []
  let group: Edit[] = []
  for (const [index, edit] of all.entries()) {
    if (!edit.same) {
      group.push(edit)
      continue
    }
    const [length, first, last] = [edit.a[1] - edit.a[0], index === 0, index === all.length - 1]
    const head: Edit = { same: true, a: [edit.a[0], edit.a[0] + context], b: [edit.b[0], edit.b[0] + context] }
    const tail: Edit = { same: true, a: [edit.a[1] - context, edit.a[1]], b: [edit.b[1] - context, edit.b[1]] }
    if (first) group.push(length > context ? tail : edit)
    else if (last) group.push(length > context ? head : edit)
    else if (length > 2 * context) {
      groups.push([...group, head])
      group = [tail]
    } else group.push(edit)
  }
  if (group.some((edit) => !edit.same)) groups.push(group)
  return groups
}

function range(from: number, to: number): string {
  const length = to - from
  if (length === 1) return String(from + 1)
  return `${length === 0 ? from : from + 1},${length}`
}

/** '' for texts that are equal. */
export function unifiedDiff(before: string, after: string, context = 3): string {
  const [a, b] = [before.split('\n'), after.split('\n')]
  let out = ''
  for (const group of grouped(a, b, context)) {
    const [first, last] = [group[0], group.at(-1)]
    if (!first || !last) continue
    out += `@@ -${range(first.a[0], last.a[1])} +${range(first.b[0], last.b[1])} @@\n`
    for (const edit of group) {
      const lines = (list: readonly string[], [from, to]: readonly [number, number], mark: string) =>
        list.slice(from, to).map((line) => `${mark}${line}\n`)
      if (edit.same) out += lines(a, edit.a, ' ').join('')
      else out += [...lines(a, edit.a, '-'), ...lines(b, edit.b, '+')].join('')
    }
  }
  return out
}
