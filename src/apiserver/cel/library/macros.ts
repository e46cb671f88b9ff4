/**
 * Comprehensions with two variables, and maps over optionals.
 * Source: k8s 1.36 cel/environment (cel-go ext.TwoVarComprehensions, cel.OptionalTypes, ext.Lists sortBy).
 */
import { Optional, type ASTNode, type Environment } from '@marcbachmann/cel-js'
import { compare } from './compare.ts'
import { failure } from './define.ts'

interface CelType {
  readonly kind: string
  readonly valueType: CelType
  readonly keyType: CelType
}
interface Scope {
  forkWithVariable(name: string, type: CelType): Scope
  reuse(parent: Scope): Scope
  setIterValue(value: unknown, evaluator: Evaluator): Scope
}
interface Checker {
  check(node: ASTNode, scope: Scope): CelType
  getType(name: string): CelType
  createError(code: string, message: string, node: ASTNode): Error
  readonly registry: {
    getListType(of: CelType): CelType
    getMapType(key: CelType, value: CelType): CelType
    getOptionalType(of: CelType): CelType
  }
}
interface Evaluator {
  run(node: ASTNode, scope: Scope): unknown
}
interface Call {
  readonly args: readonly ASTNode[]
  readonly receiver: ASTNode
}
type Entry = readonly [key: unknown, value: unknown]

/** What a comprehension makes of its entries; `run` evaluates one of its parts for an entry. */
interface Comprehension {
  readonly variables: 1 | 2
  readonly type: (checker: Checker, parts: readonly CelType[], range: CelType) => CelType
  readonly result: (entries: readonly Entry[], run: (part: number, entry: Entry) => unknown) => unknown
}

function entriesOf(range: unknown): Entry[] {
  if (Array.isArray(range)) return range.map((item, i) => [BigInt(i), item])
  if (range instanceof Map) return [...range]
  if (typeof range === 'object' && range !== null) return Object.entries(range)
  throw failure('no such overload')
}

function nameOf(node: ASTNode | undefined): string {
  if (node?.op === 'id') return node.args
  throw failure('argument must be a simple name')
}

/** The two macro stages that cel-js asks for. */
function expander({ variables, type, result }: Comprehension) {
  return ({ args, receiver }: Call) => {
    const [first, second] = [nameOf(args[0]), variables === 2 ? nameOf(args[1]) : '']
    const parts = args.slice(variables)
    let outer: Scope | undefined
    let inner: Scope | undefined
    return {
      typeCheck(checker: Checker, _: unknown, scope: Scope): CelType {
        const range = checker.check(receiver, scope)
        if (!['list', 'map', 'dyn', 'optional'].includes(range.kind))
          throw checker.createError(
            'invalid_comprehension_range',
            'range of a comprehension must be list, map, or dynamic',
            receiver,
          )
        const dyn = checker.getType('dyn')
        const key = range.kind === 'list' ? checker.getType('int') : range.kind === 'map' ? range.keyType : dyn
        const value = range.kind === 'dyn' ? dyn : range.valueType
        outer = scope.forkWithVariable(first, variables === 2 ? key : value)
        inner = variables === 2 ? outer.forkWithVariable(second, value) : outer
        const bodies = inner
        return type(
          checker,
          parts.map((part) => checker.check(part, bodies)),
          range,
        )
      },
      evaluate(evaluator: Evaluator, _: unknown, scope: Scope): unknown {
        const range = evaluator.run(receiver, scope)
        const run = (part: number, [key, value]: Entry) => {
          const node = parts[part]
          if (!outer || !inner || !node) throw failure('internal: comprehension was not checked')
          const first = outer.reuse(scope).setIterValue(variables === 2 ? key : value, evaluator)
          return evaluator.run(node, variables === 2 ? inner.reuse(first).setIterValue(value, evaluator) : first)
        }
        if (range instanceof Optional) return result(range.hasValue() ? [[0n, range.value()]] : [], run)
        return result(entriesOf(range), run)
      },
    }
  }
}

const bool: Comprehension['type'] = (checker) => checker.getType('bool')
const listOf: Comprehension['type'] = (checker, parts) => checker.registry.getListType(last(parts))
const mapOf: Comprehension['type'] = (checker, parts, range) =>
  checker.registry.getMapType(
    range.kind === 'list' ? checker.getType('int') : range.kind === 'map' ? range.keyType : checker.getType('dyn'),
    last(parts),
  )

function last(types: readonly CelType[]): CelType {
  const type = types.at(-1)
  if (!type) throw failure('missing argument')
  return type
}

function toMap(entries: readonly Entry[]): { [key: string]: unknown } {
  const map: { [key: string]: unknown } = {}
  for (const [key, value] of entries) {
    if (Object.hasOwn(map, String(key))) throw failure(`insert failed: key '${String(key)}' already exists`)
    map[String(key)] = value
  }
  return map
}

const two = (type: Comprehension['type'], result: Comprehension['result']) => expander({ variables: 2, type, result })
const one = (type: Comprehension['type'], result: Comprehension['result']) => expander({ variables: 1, type, result })
const holds: Comprehension['result'] = (entries, run) => entries.filter((entry) => run(0, entry) === true).length === 1

export function macroLibrary(env: Environment): void {
  const macros: { readonly [signature: string]: (call: Call) => object } = {
    'list.all(ast, ast, ast): bool': two(bool, (entries, run) => entries.every((entry) => run(0, entry) === true)),
    'list.exists(ast, ast, ast): bool': two(bool, (entries, run) => entries.some((entry) => run(0, entry) === true)),
    'list.existsOne(ast, ast, ast): bool': two(bool, holds),
    'list.exists_one(ast, ast, ast): bool': two(bool, holds),
    'list.existsOne(ast, ast): bool': one(bool, holds),
    'list.transformList(ast, ast, ast): list<dyn>': two(listOf, (entries, run) => entries.map((entry) => run(0, entry))),
    'list.transformList(ast, ast, ast, ast): list<dyn>': two(listOf, (entries, run) =>
      entries.filter((entry) => run(0, entry) === true).map((entry) => run(1, entry)),
    ),
    'list.transformMap(ast, ast, ast): map<dyn, dyn>': two(mapOf, (entries, run) =>
      toMap(entries.map((entry) => [entry[0], run(0, entry)])),
    ),
    'list.transformMap(ast, ast, ast, ast): map<dyn, dyn>': two(mapOf, (entries, run) =>
      toMap(entries.filter((entry) => run(0, entry) === true).map((entry) => [entry[0], run(1, entry)])),
    ),
    'list.transformMapEntry(ast, ast, ast): map<dyn, dyn>': two(
      (_, parts) => last(parts),
      (entries, run) => toMap(entries.flatMap((entry) => entriesOf(run(0, entry)))),
    ),
    'list.transformMapEntry(ast, ast, ast, ast): map<dyn, dyn>': two(
      (_, parts) => last(parts),
      (entries, run) => toMap(entries.filter((entry) => run(0, entry) === true).flatMap((entry) => entriesOf(run(1, entry)))),
    ),
    'list.sortBy(ast, ast): list<dyn>': one(
      (_, __, range) => range,
      (entries, run) =>
        entries
          .map((entry) => [run(0, entry), entry[1]] as const)
          .sort(([a], [b]) => compare(a, b))
          .map(([, item]) => item),
    ),
    'optional.optMap(ast, ast): optional<dyn>': one(
      (checker, parts) => checker.registry.getOptionalType(last(parts)),
      ([entry], run) => (entry ? Optional.of(run(0, entry)) : Optional.none()),
    ),
    'optional.optFlatMap(ast, ast): optional<dyn>': one(
      (_, parts) => last(parts),
      ([entry], run) => (entry ? run(0, entry) : Optional.none()),
    ),
  }
  for (const [signature, macro] of Object.entries(macros)) env.registerFunction(signature, macro as (call: unknown) => object)
}
