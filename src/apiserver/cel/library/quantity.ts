/** Amounts such as '500m' and '1.5Gi'. Source: k8s 1.36 cel/library/quantity.go. */
import type { Environment } from '@marcbachmann/cel-js'
import {
  QuantityError,
  addQuantities,
  approximateFloat,
  compareQuantities,
  parseQuantity,
  quantityOf,
  scaledInt64,
  subtractQuantities,
  type Quantity,
} from '../../../apimachinery/quantity.ts'
import { define, failure } from './define.ts'

class QuantityValue {
  readonly amount: Quantity
  constructor(amount: Quantity) {
    this.amount = amount
  }
}

function parsed(text: string): Quantity | undefined {
  try {
    return parseQuantity(text)
  } catch (error) {
    if (error instanceof QuantityError) return undefined
    throw error
  }
}

function isInteger({ mantissa, exponent }: Quantity): boolean {
  if (exponent >= 0) return true
  return BigInt(mantissa) % 10n ** BigInt(-exponent) === 0n
}

const LIMIT = 2n ** 63n
const NOT_INTEGER = 'cannot convert value to integer'

function asInteger(q: Quantity): bigint {
  const exact = q.exponent >= 0 ? BigInt(q.mantissa) * 10n ** BigInt(q.exponent) : scaledInt64(q, 0)
  if (!isInteger(q) || exact >= LIMIT || exact < -LIMIT) throw failure(NOT_INTEGER)
  return exact
}

const fits = (q: Quantity) => isInteger(q) && q.exponent < 19
const fromInt = (n: bigint) => quantityOf(Number(n))

export function quantityLibrary(env: Environment): void {
  const T = 'kubernetes.Quantity'
  env.registerType(T, QuantityValue)
  const compare = (a: QuantityValue, b: QuantityValue) => compareQuantities(a.amount, b.amount)
  define(env, {
    [`quantity(string): ${T}`]: (text: string) => {
      try {
        return new QuantityValue(parseQuantity(text))
      } catch (error) {
        if (error instanceof QuantityError) throw failure(error.message)
        throw error
      }
    },
    'isQuantity(string): bool': (text: string) => parsed(text) !== undefined,
    [`${T}.sign(): int`]: (q: QuantityValue) => BigInt(compareQuantities(q.amount, '0')),
    [`${T}.isInteger(): bool`]: (q: QuantityValue) => fits(q.amount),
    [`${T}.asInteger(): int`]: (q: QuantityValue) => asInteger(q.amount),
    [`${T}.asApproximateFloat(): double`]: (q: QuantityValue) => approximateFloat(q.amount),
    [`${T}.isGreaterThan(${T}): bool`]: (a: QuantityValue, b: QuantityValue) => compare(a, b) > 0,
    [`${T}.isLessThan(${T}): bool`]: (a: QuantityValue, b: QuantityValue) => compare(a, b) < 0,
    [`${T}.compareTo(${T}): int`]: (a: QuantityValue, b: QuantityValue) => BigInt(compare(a, b)),
    [`${T}.add(${T}): ${T}`]: (a: QuantityValue, b: QuantityValue) => new QuantityValue(addQuantities(a.amount, b.amount)),
    [`${T}.add(int): ${T}`]: (a: QuantityValue, n: bigint) => new QuantityValue(addQuantities(a.amount, fromInt(n))),
    [`${T}.sub(${T}): ${T}`]: (a: QuantityValue, b: QuantityValue) => new QuantityValue(subtractQuantities(a.amount, b.amount)),
    [`${T}.sub(int): ${T}`]: (a: QuantityValue, n: bigint) => new QuantityValue(subtractQuantities(a.amount, fromInt(n))),
  })
  env.registerOperator(`${T} == ${T}`, (a: QuantityValue, b: QuantityValue) => compare(a, b) === 0)
}
