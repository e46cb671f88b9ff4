import type { KubeObject } from '../../apimachinery/resource.ts'
import { reviewHandlers } from '../authn/reviews.ts'
import type { RequestScope } from './context.ts'
import { decodedBody } from './decode.ts'
import { fieldWrite } from './write.ts'

/** Answers a create of a kind that is a question and never stored; undefined for all others. */
export function runReview(scope: RequestScope): KubeObject | undefined {
  const { info, registry } = scope
  const handler = reviewHandlers[info.resource]
  if (!handler || info.verbs.length !== 1) return undefined
  const question = decodedBody(scope)
  const answer = handler(scope, question)
  const { status: _, ...asked } = question as KubeObject & { status?: unknown }
  registry.managed.record(answer, undefined, fieldWrite(scope, asked))
  return answer
}
