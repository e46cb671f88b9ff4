import type { KubeObject } from '../../apimachinery/resource.ts'
import { checkExpression, programOf } from './compile.ts'
import { baseEnvironment, looseEnvironment } from './environment.ts'
import { celOfJson } from './values.ts'

type Maybe = KubeObject | null

/**
 * A test of changes by an expression over `object` and `oldObject`, which are null for what is deleted and what is new.
 * One that cannot be evaluated for a change does not hold. Throws an Error with the compiler's words when the expression
 * is wrong, or gives no bool.
 */
export function changeTest(expression: string): (object: Maybe, old: Maybe) => boolean {
  const env = baseEnvironment().clone({ enableOptionalTypes: true })
  env.registerVariable('object', 'dyn').registerVariable('oldObject', 'dyn')
  const checked = checkExpression(env, expression)
  if ('issues' in checked) throw new Error(checked.issues)
  if (checked.type !== 'bool' && checked.type !== 'dyn') throw new Error(`the expression gives ${checked.type}, not bool`)
  const program = programOf(expression, looseEnvironment())
  const shown = new WeakMap<KubeObject, unknown>()
  const view = (object: Maybe): unknown => {
    if (!object) return null
    if (!shown.has(object)) shown.set(object, celOfJson(object))
    return shown.get(object)
  }
  return (object, old) => {
    const outcome = program.run({ object: view(object), oldObject: view(old) })
    return 'value' in outcome && outcome.value === true
  }
}
