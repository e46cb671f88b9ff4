import { MAX_NODE_SCORE } from '../framework.ts'

/** Scales so that the largest becomes 100, or, reversed, 0. k8s 1.36: helper.DefaultNormalizeScore. */
export function scaleToLargest(scores: number[], reverse: boolean): void {
  let largest = 0
  for (const score of scores) if (score > largest) largest = score
  for (let i = 0; i < scores.length; i++) {
    const scaled = largest === 0 ? 0 : Math.trunc((MAX_NODE_SCORE * (scores[i] ?? 0)) / largest)
    scores[i] = reverse ? MAX_NODE_SCORE - scaled : scaled
  }
}
