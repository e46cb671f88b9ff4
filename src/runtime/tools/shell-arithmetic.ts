/** Whole numbers with + - * / % and brackets, as in $((...)). `valueOf` gives a variable's text. */
export function evaluate(expression: string, valueOf: (name: string) => string): number {
  const text = expression.replace(/\$?([A-Za-z_][A-Za-z0-9_]*)/g, (_, name: string) => valueOf(name) || '0')
  const tokens = text.match(/\d+|[-+*/%()]|[<>=!]=?/g) ?? []
  let at = 0
  const primary = (): number => {
    const token = tokens[at++]
    if (token === '(') {
      const value = sum()
      at++
      return value
    }
    if (token === '-') return -primary()
    return Number(token ?? 0)
  }
  const product = (): number => {
    let value = primary()
    for (let op = tokens[at]; op === '*' || op === '/' || op === '%'; op = tokens[at]) {
      at++
      const right = primary()
      value = op === '*' ? value * right : right === 0 ? 0 : op === '/' ? Math.trunc(value / right) : value % right
    }
    return value
  }
  const sum = (): number => {
    let value = product()
    for (let op = tokens[at]; op === '+' || op === '-'; op = tokens[at]) {
      at++
      value = op === '+' ? value + product() : value - product()
    }
    return value
  }
  return sum()
}
