import type { Speed } from '../../worker/protocol.ts'

/** The slider runs over the powers of ten from 0.1x to 1000x, a hundred steps each. */
export const SLIDER_MAX = 400
const STEPS_PER_DECADE = 100
/** Within this many steps of a power of ten, that power is meant. */
const SNAP = 6

export function sliderToSpeed(position: number): number {
  const nearest = Math.round(position / STEPS_PER_DECADE) * STEPS_PER_DECADE
  const snapped = Math.abs(position - nearest) <= SNAP ? nearest : position
  return Number((10 ** (snapped / STEPS_PER_DECADE - 1)).toPrecision(2))
}

export function speedToSlider(speed: Speed): number {
  if (speed === 'max') return SLIDER_MAX
  return Math.round(Math.min(SLIDER_MAX, Math.max(0, (Math.log10(speed) + 1) * STEPS_PER_DECADE)))
}

/** '0.1×', '2.5×', '1000×' */
export function formatSpeed(speed: number): string {
  if (speed >= 10) return `${Math.round(speed)}×`
  return `${Number(speed.toPrecision(2))}×`
}
