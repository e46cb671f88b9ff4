/** Field selectors: 'metadata.name=x,status.phase!=Running'. Source: k8s 1.36 apimachinery fields/selector.go. */
export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** A field selector that cannot be understood; the message is Kubernetes' own. */
export class FieldSelectorError extends Error {}

/** Splits at commas that no backslash precedes. */
function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === ',') {
      terms.push(text.slice(start, i))
      start = i + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

function unescape(value: string): string {
  let out = ''
  for (let i = 0; i < value.length; i++) {
    const char = value[i] ?? ''
    if (char === '\\') {
      const next = value[++i] ?? ''
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw new FieldSelectorError(`invalid field selector: invalid escape sequence: \\${next}`)
      }
      out += next
    } else if (char === ',' || char === '=') {
      throw new FieldSelectorError(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`)
    } else {
      out += char
    }
  }
  return out
}

/** Reads a field selector; terms come sorted. Throws FieldSelectorError with the API server's text. */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  if (text === '') return []
  const requirements: FieldRequirement[] = []
  for (const term of splitTerms(text).toSorted()) {
    if (term === '') continue
    const match = /!=|==|=/.exec(term)
    if (match === null) throw new FieldSelectorError(`invalid selector: '${text}'; can't understand '${term}'`)
    const value = unescape(term.slice(match.index + match[0].length))
    requirements.push({ field: term.slice(0, match.index), operator: match[0] === '!=' ? '!=' : '=', value })
  }
  return requirements
}

/** True if every requirement holds; `valueOf` gives a field's value ('' if it is not set). */
export function fieldsMatch(requirements: readonly FieldRequirement[], valueOf: (field: string) => string): boolean {
  return requirements.every((r) => (valueOf(r.field) === r.value) === (r.operator === '='))
}

/** The value a selector demands of a field ('spec.nodeName=n1' gives 'n1'), or undefined: for looking up an index. */
export function exactField(requirements: readonly FieldRequirement[], field: string): string | undefined {
  return requirements.find((r) => r.field === field && r.operator === '=')?.value
}

/** The text form, with values escaped. */
export function formatFieldSelector(requirements: readonly FieldRequirement[]): string {
  return requirements.map((r) => `${r.field}${r.operator}${r.value.replace(/[\\,=]/g, '\\$&')}`).join(',')
}
