import { EvaluationError, type Environment } from '@marcbachmann/cel-js'

/** Functions by their CEL signature: 'quantity(string): kubernetes.Quantity'. Arguments come as CEL values. */
export type Functions = { readonly [signature: string]: (...args: never[]) => unknown }

/** Adds functions to an environment. */
export function define(env: Environment, functions: Functions): void {
  for (const [signature, handler] of Object.entries(functions))
    env.registerFunction(signature, handler as (...args: unknown[]) => unknown, { async: false })
}

/** Adds a name whose members are functions, as in `sets.contains(a, b)`. */
export function defineNamespace(env: Environment, name: string, functions: Functions): void {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Namespace`
  class Namespace {}
  env.registerType(type, Namespace)
  env.registerConstant(name, type, new Namespace())
  const bound = Object.entries(functions).map(([signature, handler]) => [
    `${type}.${signature}`,
    (_: unknown, ...args: never[]) => handler(...args),
  ])
  define(env, Object.fromEntries(bound) as Functions)
}

/** What a function throws for values that it cannot take. */
export const failure = (message: string): Error => new EvaluationError(message)
