/** What is wrong with an expression, worded and placed as cel-go does. Source: k8s 1.36 (cel-go common/error.go, checker/errors.go). */
import type { ASTNode, Environment, ParseError } from '@marcbachmann/cel-js'

type Problem = Pick<ParseError, 'code' | 'summary' | 'range' | 'node' | 'message'>

/** Dots up to the place, as below the line in cel-go's messages. */
function placed(message: string, source: string, offset: number): string {
  const before = source.slice(0, offset)
  const line = before.split('\n').length
  const column = offset - (before.lastIndexOf('\n') + 1)
  const text = source.split('\n')[line - 1] ?? ''
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text.replaceAll('\t', ' ')}\n | ${'.'.repeat(column)}^`
}

/** A type's name as cel-go writes it. */
function typeText(name: string): string {
  return name
    .replace(/google\.protobuf\.(Timestamp|Duration)/g, (_, kind: string) => kind.toLowerCase())
    .replace(/dyn<([^<>]*)>/g, 'dyn')
    .replace(/\boptional</g, 'optional_type<')
    .replaceAll('<', '(')
    .replaceAll('>', ')')
}

const EXPECTED =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

const TOKEN = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\w+|==|!=|<=|>=|&&|\|\||./y
const CLOSING: { readonly [open: string]: string } = { '[': ']', '(': ')', '{': '}' }

function tokenAt(source: string, offset: number): string {
  TOKEN.lastIndex = offset
  return TOKEN.exec(source)?.[0] ?? '<EOF>'
}

/** The innermost bracket that is still open at the end. */
function openBracket(source: string): string | undefined {
  const open: string[] = []
  for (let i = 0; i < source.length;) {
    const token = tokenAt(source, i)
    if ('[({'.includes(token)) open.push(token)
    else if ('])}'.includes(token)) open.pop()
    i += token.length
  }
  return open.at(-1)
}

/** What the parser says where the text ends too early. */
function endProblem(source: string): string {
  const text = source.trimEnd()
  const last = text.slice(-1)
  if (last === '.') return "no viable alternative at input '.'"
  const open = openBracket(source)
  const wantsOperand = /[-+*/%<>=!&|?:({[]$|\bin$/.test(text) || (last === ',' && open === '(')
  if (open === undefined || wantsOperand) return `mismatched input '<EOF>' expecting ${EXPECTED}`
  return `missing '${CLOSING[open]}' at '<EOF>'`
}

/** What it says of a token with which the text should have ended, or gone on otherwise. */
function surplusProblem(source: string, offset: number): string {
  const token = tokenAt(source, offset)
  const isLast = source.slice(offset + token.length).trim() === ''
  return `${isLast ? 'extraneous' : 'mismatched'} input '${token}' expecting <EOF>`
}

/** SIMPLIFIED: of the parser's many wordings those for an early end, a surplus token and an unknown one. */
function syntaxProblem(source: string, { summary, range }: Problem): string {
  const offset = range?.start ?? 0
  const say = (text: string, at = offset) => placed(`Syntax error: ${text}`, source, at)
  if (offset >= source.length) return say(endProblem(source))
  const token = tokenAt(source, offset)
  if (token === "'" || token === '"') return say(`token recognition error at: '${source.slice(offset)}'`)
  if (/^[=@#$~^`\\&|;]$/.test(token)) {
    // The lexer skips what it does not know, and the character that told it so.
    const width = '=&|'.includes(token) ? 2 : 1
    const unknown = say(`token recognition error at: '${source.slice(offset, offset + width)}'`)
    const rest = offset + width + source.slice(offset + width).search(/\S|$/)
    const before = source.slice(0, offset).trimEnd()
    if (rest < source.length) return `${unknown}\n${say(surplusProblem(source, rest), rest)}`
    return /[\w)\]}"']$/.test(before) ? unknown : `${unknown}\n${say(endProblem(before), source.length)}`
  }
  if (summary.startsWith('Unexpected character') && /^[\w"']/.test(token)) return say(surplusProblem(source, offset))
  return say(`mismatched input '${token}' expecting ${EXPECTED}`)
}

/** Where cel-go says a node is: at its operator, dot or opening bracket. */
function offsetOf(source: string, node: ASTNode | undefined, range: Problem['range']): number {
  const start = range?.start ?? 0
  if (!node) return start
  const after = (inner: ASTNode | undefined, mark: string) => {
    const at = source.indexOf(mark, inner?.end ?? start)
    return at < 0 ? start : at
  }
  switch (node.op) {
    case '.':
    case '.?':
      return source.lastIndexOf('.', start)
    case '[]':
    case '[?]':
      return after(node.args[0], '[')
    case 'call':
      return after(undefined, '(')
    case 'rcall':
      return after(node.args[1], '(')
    case '?:':
      return after(node.args[0], '?')
    case 'value':
    case 'id':
    case 'list':
    case 'map':
    case '!_':
    case '-_':
      return start
    default:
      return after(node.args[0], node.op)
  }
}

const OPERATOR_NAMES: { readonly [op: string]: string } = { in: '@in', '-_': '-_', '!_': '!_' }

/** 'int > string', '!int' as the operands that cel-go names. */
function overloadProblem(summary: string, node: ASTNode): string {
  const text = summary.replace(/^no such overload: /, '')
  const unary = /^([!-])(\S.*)$/.exec(text)
  if (unary) return `found no matching overload for '${unary[1]}_' applied to '(${typeText(unary[2] ?? '')})'`
  const at = text.indexOf(` ${node.op} `)
  const [left, right] = [text.slice(0, at), text.slice(at + node.op.length + 2)]
  const name = OPERATOR_NAMES[node.op] ?? `_${node.op}_`
  return `found no matching overload for '${name}' applied to '(${typeText(left)}, ${typeText(right)})'`
}

/** "found no matching overload for 'string.nofn(int)'" in cel-go's form, or that nothing has this name. */
function callProblem(summary: string, node: ASTNode, env: Environment): string {
  const name = node.op === 'call' || node.op === 'rcall' ? node.args[0] : ''
  if (!env.getDefinitions().functions.some((known) => known.name === name))
    return `undeclared reference to '${name}' (in container '')`
  const call = /'(.*)'$/.exec(summary)?.[1] ?? ''
  const receiver = node.op === 'rcall' ? call.slice(0, call.indexOf(`.${name}(`)) : ''
  const args = call.slice(call.indexOf(`${name}(`) + name.length)
  return `found no matching overload for '${name}' applied to '${receiver === '' ? '' : `${typeText(receiver)}.`}${typeText(args)}'`
}

function typeProblem({ code, summary }: Problem, node: ASTNode | undefined, env: Environment): string {
  const [first = '', second = ''] = [...summary.matchAll(/'([^']*)'/g)].map(([, word]) => word ?? '')
  switch (code) {
    case 'no_such_key':
      return `undefined field '${summary.replace(/^No such key: /, '')}'`
    case 'unknown_variable':
      return `undeclared reference to '${summary.replace(/^Unknown variable: /, '')}' (in container '')`
    case 'cannot_index_type':
      return node?.op === '.' || node?.op === '.?'
        ? `type '${typeText(first)}' does not support field selection`
        : `found no matching overload for '_[_]' applied to '(${typeText(first)}, dyn)'`
    case 'no_such_overload':
      return node ? overloadProblem(summary, node) : summary
    case 'no_matching_overload':
      return node ? callProblem(summary, node, env) : summary
    case 'incompatible_ternary_branches':
      return `found no matching overload for '_?_:_' applied to '(bool, ${typeText(first)}, ${typeText(second)})'`
    case 'heterogeneous_list_element':
    case 'heterogeneous_map_key':
    case 'heterogeneous_map_value':
      return `expected type '${typeText(first)}' but found '${typeText(second)}'`
    default:
      return summary
  }
}

const isNode = (node: Problem['node']): node is ASTNode => node !== undefined && 'args' in node && node.op !== undefined

/** The compiler's issues as text. SIMPLIFIED: the first one; cel-go goes on and lists all. */
export function compileProblem(source: string, problem: Problem, isSyntax: boolean, env: Environment): string {
  if (isSyntax) return syntaxProblem(source, problem)
  const node = isNode(problem.node) ? problem.node : undefined
  return placed(typeProblem(problem, node, env), source, offsetOf(source, node, problem.range))
}

/** Why an evaluation failed, in cel-go's words. */
export function evaluationProblem(error: {
  readonly code?: string
  readonly summary?: string
  readonly message: string
}): string {
  const text = error.summary ?? error.message
  switch (error.code) {
    case 'no_such_key':
      return text.replace(/^No such key: /, 'no such key: ')
    case 'index_out_of_bounds':
      return `index out of bounds: ${/index (-?\d+)/.exec(text)?.[1] ?? ''}`
    case 'division_by_zero':
      return 'division by zero'
    case 'modulo_by_zero':
      return 'modulus by zero'
    case 'no_such_overload':
    case 'no_matching_overload':
    case 'invalid_condition_type':
      return 'no such overload'
    case 'unknown_variable':
      return text.replace(/^Unknown variable: (.*)$/, 'no such attribute(s): $1')
    default:
      return text
  }
}
