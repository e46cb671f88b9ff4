import { humanDuration, shortHumanDuration } from '../../apimachinery/duration.ts'
import {
  approximateFloat,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  quantityOf,
  QuantityError,
  scaledInt64,
} from '../../apimachinery/quantity.ts'
import { runTable as runControllerTable } from '../../controllers/golden-tables.ts'
import { runTable as runKubeletTable } from '../../kubelet/golden-tables.ts'

const KUBELET = new Set(['pod-phase', 'pod-conditions', 'pod-qos', 'crash-loop-backoff', 'image-pull-backoff'])

/** Computes one row of a recorded table. Undefined: the topic is not known. */
export function runTableRow(topic: string, input: unknown): unknown {
  if (topic === 'quantity') return quantityRow(input as { text: string })
  if (topic === 'human-duration') {
    const { seconds } = input as { seconds: number }
    return { human: humanDuration(seconds * 1000), short: shortHumanDuration(seconds * 1000) }
  }
  return KUBELET.has(topic) ? runKubeletTable(topic, input) : runControllerTable(topic, input)
}

/** Integers beyond 2^53-1 are written as text, and saturate at int64. */
function integer(value: bigint): number | string {
  const max = 2n ** 63n - 1n
  const clamped = value > max ? max : value < -max - 1n ? -max - 1n : value
  return clamped > BigInt(Number.MAX_SAFE_INTEGER) || clamped < BigInt(Number.MIN_SAFE_INTEGER)
    ? String(clamped)
    : Number(clamped)
}

function quantityRow({ text }: { text: string }): unknown {
  try {
    const quantity = parseQuantity(text)
    return {
      asFloat: approximateFloat(quantity),
      canonical: formatQuantity(quantity),
      format: quantity.format,
      milliValue: integer(scaledInt64(quantity, -3)),
      sign: compareQuantities(quantity, quantityOf(0)),
      value: integer(scaledInt64(quantity, 0)),
    }
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error
    return { error: error.message }
  }
}
