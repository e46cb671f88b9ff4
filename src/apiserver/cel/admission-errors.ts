/** Field errors for expressions of admission that do not compile. Source: k8s 1.36 admissionregistration/validation. */
import { invalid, type FieldError } from '../../apimachinery/field-errors.ts'
import { admissionChecker, type AdmissionChecker, type NamedExpression, type Scope } from './admission-environment.ts'
import type { Checked } from './compile.ts'

function problemOf(checked: Checked, wanted: readonly string[]): string | undefined {
  if ('issues' in checked) return `compilation failed: ${checked.issues}`
  if (wanted.length === 0 || wanted.includes(checked.type)) return undefined
  const names = wanted.map((type) => (type === 'null' ? 'null_type' : type))
  const got = checked.type.replaceAll('<', '(').replaceAll('>', ')')
  return names.length === 1
    ? `must evaluate to ${names[0]} but got ${got}`
    : `must evaluate to one of [${names.join(' ')}] but got ${got}`
}

/** The error of one expression; nothing for an empty one, which others complain about. */
export function expressionErrors(
  checker: AdmissionChecker,
  source: string | undefined,
  wanted: readonly string[],
  field: string,
  withAuthorizer = true,
): FieldError[] {
  if (!source?.trim()) return []
  const problem = problemOf(checker.check(source, withAuthorizer), wanted)
  return problem === undefined ? [] : [invalid(field, source, problem)]
}

/** A checker for a policy's expressions, with the errors of its variables. */
export function checkedVariables(scope: Scope, field: string): { checker: AdmissionChecker; errors: FieldError[] } {
  const checker = admissionChecker(scope)
  const errors = [...checker.variableIssues].flatMap(([i, issues]) => {
    const source = scope.variables?.[i]?.expression ?? ''
    return source.trim() === '' ? [] : [invalid(`${field}[${i}].expression`, source, `compilation failed: ${issues}`)]
  })
  return { checker, errors }
}

/** Match conditions know no variables. */
export function matchConditionErrors(
  conditions: readonly NamedExpression[] | undefined,
  hasParams: boolean,
  field: string,
): FieldError[] {
  if (!conditions?.length) return []
  const checker = admissionChecker({ hasParams, hasAuthorizer: true })
  return conditions.flatMap(({ expression }, i) =>
    expressionErrors(checker, expression?.trim(), ['bool'], `${field}[${i}].expression`),
  )
}
