/** The colours and faces a canvas needs, read from the page's tokens. */
import { hexColor } from '../../theme/hex.ts'
import { readStateColors } from '../../theme/states.ts'

export interface Palette {
  /** By POD_STATES. */
  readonly states: readonly string[]
  readonly stage: string
  readonly panel: string
  readonly raised: string
  readonly hover: string
  readonly line: string
  readonly lineStrong: string
  readonly textMuted: string
  readonly textSoft: string
  readonly text: string
  readonly accent: string
  readonly fontUi: string
  readonly fontMono: string
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element)
  const text = (name: string) => style.getPropertyValue(name).trim()
  const get = (name: string) => hexColor(text(name))
  return {
    states: readStateColors(element).map(hexColor),
    stage: get('--surface-stage'),
    panel: get('--surface-panel'),
    raised: get('--surface-raised'),
    hover: get('--surface-hover'),
    line: get('--line'),
    lineStrong: get('--line-strong'),
    textMuted: get('--text-muted'),
    textSoft: get('--text-soft'),
    text: get('--text'),
    accent: get('--accent'),
    fontUi: text('--font-ui'),
    fontMono: text('--font-mono'),
  }
}

/** '#rrggbb' as the pixel of an ImageData seen as 32-bit words on a little-endian machine. */
export function pixelOf(color: string, alpha = 1): number {
  const value = Number.parseInt(color.slice(1), 16)
  const [r, g, b] = [(value >> 16) & 255, (value >> 8) & 255, value & 255]
  return ((Math.round(alpha * 255) << 24) | (b << 16) | (g << 8) | r) >>> 0
}

/** One colour seen through another: `part` of the first. Both '#rrggbb'. */
export function mixColors(first: string, second: string, part: number): string {
  const [a, b] = [Number.parseInt(first.slice(1), 16), Number.parseInt(second.slice(1), 16)]
  let mixed = 0
  for (const shift of [16, 8, 0]) mixed |= Math.round(((a >> shift) & 255) * part + ((b >> shift) & 255) * (1 - part)) << shift
  return `#${mixed.toString(16).padStart(6, '0')}`
}
