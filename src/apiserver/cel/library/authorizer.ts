/** Questions to the authorizer. Source: k8s 1.36 cel/library/authz.go. */
import type { Environment } from '@marcbachmann/cel-js'
import { define } from './define.ts'

/** What an expression asks: somebody's right to use a verb on a resource or path. */
export interface Question {
  readonly serviceAccount?: { readonly namespace: string; readonly name: string }
  readonly path?: string
  readonly group?: string
  readonly resource?: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
  readonly verb: string
}

export interface Answer {
  readonly allowed: boolean
  readonly reason: string
  readonly error: string
}

type Part = Omit<Question, 'verb'>
type Ask = (question: Question) => Answer

/** The variable `authorizer`. */
export class AuthorizerValue {
  readonly part: Part
  readonly ask: Ask
  /** The resource of the request itself. */
  readonly requestResource: ResourceCheck
  constructor(ask: Ask, part: Part, requestResource: Part) {
    this.ask = ask
    this.part = part
    this.requestResource = new ResourceCheck(ask, requestResource)
  }
}

class PathCheck {
  readonly part: Part
  readonly ask: Ask
  constructor(ask: Ask, part: Part) {
    this.ask = ask
    this.part = part
  }
}
class GroupCheck extends PathCheck {}
class ResourceCheck extends PathCheck {}

class DecisionValue {
  readonly answer: Answer
  constructor(answer: Answer) {
    this.answer = answer
  }
}

const PREFIX = 'kubernetes.authorization'

/** SIMPLIFIED: selectors of a check are not looked at. */
export function authorizerLibrary(env: Environment): void {
  const [A, P, G, R, D] = ['Authorizer', 'PathCheck', 'GroupCheck', 'ResourceCheck', 'Decision'].map(
    (name) => `${PREFIX}.${name}`,
  )
  env.registerType(`${R}`, ResourceCheck)
  env.registerType(`${A}`, { ctor: AuthorizerValue, fields: { requestResource: `${R}` } })
  env.registerType(`${P}`, PathCheck)
  env.registerType(`${G}`, GroupCheck)
  env.registerType(`${D}`, DecisionValue)
  const narrowed = (key: keyof Part) => (check: ResourceCheck, value: string) =>
    new ResourceCheck(check.ask, { ...check.part, [key]: value })
  const checked = ({ ask, part }: PathCheck, verb: string) => new DecisionValue(ask({ ...part, verb }))
  define(env, {
    [`${A}.path(string): ${P}`]: ({ ask, part }: AuthorizerValue, path: string) => new PathCheck(ask, { ...part, path }),
    [`${A}.group(string): ${G}`]: ({ ask, part }: AuthorizerValue, group: string) => new GroupCheck(ask, { ...part, group }),
    [`${A}.serviceAccount(string, string): ${A}`]: (a: AuthorizerValue, namespace: string, name: string) =>
      new AuthorizerValue(a.ask, { ...a.part, serviceAccount: { namespace, name } }, a.requestResource.part),
    [`${G}.resource(string): ${R}`]: ({ ask, part }: GroupCheck, resource: string) =>
      new ResourceCheck(ask, { ...part, resource }),
    [`${R}.subresource(string): ${R}`]: narrowed('subresource'),
    [`${R}.namespace(string): ${R}`]: narrowed('namespace'),
    [`${R}.name(string): ${R}`]: narrowed('name'),
    [`${R}.fieldSelector(string): ${R}`]: (check: ResourceCheck) => check,
    [`${R}.labelSelector(string): ${R}`]: (check: ResourceCheck) => check,
    [`${P}.check(string): ${D}`]: checked,
    [`${R}.check(string): ${D}`]: checked,
    [`${D}.allowed(): bool`]: ({ answer }: DecisionValue) => answer.allowed,
    [`${D}.errored(): bool`]: ({ answer }: DecisionValue) => answer.error !== '',
    [`${D}.error(): string`]: ({ answer }: DecisionValue) => answer.error,
    [`${D}.reason(): string`]: ({ answer }: DecisionValue) => answer.reason,
  })
}
