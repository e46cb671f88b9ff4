const TEXT = /"""[\s\S]*?"""|'''[\s\S]*?'''|[rRbB]?"(?:\\.|[^"\\])*"|[rRbB]?'(?:\\.|[^'\\])*'|\/\/[^\n]*/y
const TYPED = /(?:Object(?:\.[A-Za-z_]\w*)*|JSONPatch)(\s*)\{/y
const KEY = /(\??)([A-Za-z_]\w*)(\s*):/y

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(source)
}

/**
 * Objects such as Object.spec{replicas: 3} and JSONPatch{op: "add"} as maps: {"replicas": 3}. The types of mutations have
 * names but no fields of their own. k8s 1.36: cel/mutation. SIMPLIFIED: the fields are not checked.
 */
export function withoutTypeNames(source: string): string {
  let out = ''
  // For each open bracket: whether its keys are names.
  const open: boolean[] = []
  let at = 0
  let atKey = false
  while (at < source.length) {
    const text = matchAt(TEXT, source, at)
    const typed = !/[\w.]/.test(source.charAt(at - 1)) ? matchAt(TYPED, source, at) : null
    const key = atKey ? matchAt(KEY, source, at) : null
    const char = source.charAt(at)
    if (text) out += text[0]
    else if (typed) {
      out += '{'
      open.push(true)
      atKey = true
    } else if (key) out += `${key[1]}${JSON.stringify(unescaped(key[2] ?? ''))}${key[3]}:`
    else {
      if ('([{'.includes(char)) open.push(false)
      if (')]}'.includes(char)) open.pop()
      out += char
    }
    at += (text ?? typed ?? key)?.[0].length ?? 1
    if (!typed) atKey = (atKey && /\s/.test(char)) || (char === ',' && open.at(-1) === true)
  }
  return out
}

const ESCAPED: { readonly [part: string]: string } = { dot: '.', dash: '-', slash: '/', underscores: '__' }

function unescaped(name: string): string {
  return name.replace(/__(dot|dash|slash|underscores)__/g, (_, part: string) => ESCAPED[part] ?? '').replace(/^__(\w+)__$/, '$1')
}
