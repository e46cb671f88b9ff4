/** IntOrString: '25%' or 3. Source: k8s 1.36 apimachinery util/intstr. */
import type { IntOrString } from './generated/types.ts'

/** A percentage of `total`, rounded up or down; a number as it is. Throws an Error for any other text. */
export function scaledIntOrPercent(value: IntOrString, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value
  if (!value.endsWith('%')) throw new Error('invalid value for IntOrString: invalid type: string is not a percentage')
  const digits = value.slice(0, -1)
  if (!/^[-+]?[0-9]+$/.test(digits)) {
    const cause = `strconv.Atoi: parsing ${JSON.stringify(digits)}: invalid syntax`
    throw new Error(`invalid value for IntOrString: invalid value ${JSON.stringify(value)}: ${cause}`)
  }
  const share = (Number(digits) * total) / 100
  return round === 'up' ? Math.ceil(share) : Math.floor(share)
}

/** '25%' is one; 3 and 'http' are not. */
export function isPercent(value: IntOrString): value is string {
  return typeof value === 'string' && /^[0-9]+%$/.test(value)
}

/** A number, a text that is one, or 0. */
export function intValue(value: IntOrString): number {
  if (typeof value === 'number') return value
  return /^[-+]?[0-9]+$/.test(value) ? Number(value) : 0
}
