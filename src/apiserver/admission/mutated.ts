import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { decode } from '../../apimachinery/schema/decode.ts'
import { bodyKindOf } from '../rest/decode.ts'
import { storedFrom, type Match, type Target } from './target.ts'

/**
 * What a policy or webhook made of an object, as it goes on: read as the kind it is, unknown fields dropped, defaults
 * filled, in the stored version. Throws DecodeError.
 */
export function adopted(changed: unknown, target: Target, match: Match): KubeObject {
  const { model } = bodyKindOf(match.info, target.subresource)
  const { object } = decode(model, changed, { strictness: 'Ignore' })
  return storedFrom(object as JsonObject as unknown as KubeObject, match)
}
