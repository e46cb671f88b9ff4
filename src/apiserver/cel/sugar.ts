/**
 * Forms of expressions that the parser does not know, as ones that it does: optional entries of literals, and has() of
 * what stands behind an index or a call. Source: k8s 1.36 (cel-go optional types, has macro).
 */
const TEXT = /"""[\s\S]*?"""|'''[\s\S]*?'''|[rRbB]?"(?:\\.|[^"\\])*"|[rRbB]?'(?:\\.|[^'\\])*'|\/\/[^\n]*/y

/** The function that drops absent entries of a literal. */
export const WITHOUT_ABSENT = '__withoutAbsent'

interface Bracket {
  readonly char: string
  /** Where it stands in the result. */
  readonly at: number
  readonly isLiteral: boolean
  hasOptional: boolean
}

function textAt(source: string, at: number): string {
  TEXT.lastIndex = at
  return TEXT.exec(source)?.[0] ?? ''
}

/** [1, ?optional.of(2)] as __withoutAbsent([1, optional.of(2)]). */
function withPlainEntries(source: string): string {
  const open: Bracket[] = []
  let out = ''
  let atEntry = false
  for (let i = 0; i < source.length;) {
    const text = textAt(source, i)
    const char = source.charAt(i)
    const last = open.at(-1)
    if (text !== '') out += text
    else if (char === '?' && atEntry && last?.isLiteral) last.hasOptional = true
    else if ('([{'.includes(char)) {
      const isLiteral = char === '{' || (char === '[' && !/[\w)\]}"']\s*$/.test(out))
      open.push({ char, at: out.length, isLiteral, hasOptional: false })
      out += char
    } else if (')]}'.includes(char)) {
      open.pop()
      out += char
      if (last?.hasOptional) out = `${out.slice(0, last.at)}${WITHOUT_ABSENT}(${out.slice(last.at)})`
    } else out += char
    atEntry = text === '' && ('([{,'.includes(char) || (atEntry && /\s/.test(char)))
    i += text.length || 1
  }
  return out
}

/** The text of an argument that ends with the bracket which closes the one before it. */
function argumentAt(source: string, start: number): string | undefined {
  let depth = 0
  for (let i = start; i < source.length;) {
    const text = textAt(source, i)
    const char = source.charAt(i)
    if (text === '' && '([{'.includes(char)) depth++
    if (text === '' && ')]}'.includes(char) && depth-- === 0) return source.slice(start, i)
    i += text.length || 1
  }
  return undefined
}

/** has(a[0].b) as (a[0].?b).hasValue(); plain paths stay. */
function withPlainHas(source: string): string {
  const call = /(?<![\w.])has\(/g
  for (let match = call.exec(source); match; match = call.exec(source)) {
    const start = match.index + match[0].length
    const argument = argumentAt(source, start)
    const [, head, field] = /^([\s\S]*[\])]\s*)\.\s*([A-Za-z_]\w*)\s*$/.exec(argument ?? '') ?? []
    if (argument === undefined || head === undefined) continue
    const end = start + argument.length + 1
    source = `${source.slice(0, match.index)}(${head}.?${field}).hasValue()${source.slice(end)}`
    call.lastIndex = match.index + 1
  }
  return source
}

/** The same source when there is nothing to change. */
export function withoutSugar(source: string): string {
  const plain = source.includes('has(') ? withPlainHas(source) : source
  return /[[{,]\s*\?/.test(plain) ? withPlainEntries(plain) : plain
}
