import { EvaluationError, ParseError, TypeError as CelTypeError, type Environment } from '@marcbachmann/cel-js'
import { looseEnvironment } from './environment.ts'
import { compileProblem, evaluationProblem } from './problems.ts'
import { WITHOUT_ABSENT, withoutSugar } from './sugar.ts'

/** Values of an expression's variables, as CEL values. */
export type Variables = { readonly [name: string]: unknown }

/** What an expression gave, or why it could not be evaluated. */
export type Outcome = { readonly value: unknown } | { readonly error: string }

/** What an expression's check gave: its type, or cel-go's issues. */
export type Checked = { readonly type: string } | { readonly issues: string }

/** Arguments of format() and entries that may be absent make literals of mixed types. */
function mayMix(source: string, plain: string): boolean {
  return plain.includes(`${WITHOUT_ABSENT}(`) || /\.format\(\s*\[/.test(source)
}

/** Checks an expression against the variables of an environment. */
export function checkExpression(env: Environment, source: string): Checked {
  const plain = withoutSugar(source)
  let { valid, type, error } = env.check(plain)
  if (error instanceof CelTypeError && error.code.startsWith('heterogeneous') && mayMix(source, plain))
    ({ valid, type, error } = env.clone({ homogeneousAggregateLiterals: false }).check(plain))
  if (valid) return { type: type ?? 'dyn' }
  if (error === undefined) return { issues: 'ERROR: <input>:1:1: the expression is not valid' }
  if (error instanceof ParseError || error instanceof CelTypeError)
    return { issues: compileProblem(source, error, error instanceof ParseError, env) }
  throw error as Error
}

/** An expression that has been checked, ready to be evaluated many times. */
export interface Program {
  readonly source: string
  /** Names that occur in it. */
  mentions(name: string): boolean
  run(variables: Variables): Outcome
}

const programs = new Map<string, Program>()
const MAX_PROGRAMS = 2000

/** The program of an expression. One that does not parse gives an error whenever it runs. */
export function programOf(source: string, env: Environment = looseEnvironment()): Program {
  const known = env === looseEnvironment() ? programs.get(source) : undefined
  if (known) return known
  const program = makeProgram(source, env)
  if (env === looseEnvironment()) {
    if (programs.size >= MAX_PROGRAMS) programs.clear()
    programs.set(source, program)
  }
  return program
}

function makeProgram(source: string, env: Environment): Program {
  let parsed: ReturnType<Environment['parse']> | undefined
  const mentions = (name: string) => new RegExp(`(?<![\\w.])${name}\\b`).test(withoutTexts(source))
  return {
    source,
    mentions,
    run(variables) {
      try {
        parsed ??= env.parse(withoutSugar(source))
        return { value: parsed(variables) as unknown }
      } catch (error) {
        if (error instanceof EvaluationError || error instanceof ParseError || error instanceof CelTypeError)
          return { error: evaluationProblem(error) }
        throw error
      }
    },
  }
}

/** The source without what stands in quotes. */
function withoutTexts(source: string): string {
  return source.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '""')
}
