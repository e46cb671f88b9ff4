/** Pod state shapes as parts to paint, from the one table in icons/states.ts, for canvas and SVG alike. */
import { CELL_PATH, HATCH_PATH, podState, STATE_SHAPES } from '../icons/states.ts'

/** How a part is painted: with the state's colour, or with the surface's colour over it ('ink'). */
export interface GlyphPart {
  readonly d: string
  readonly paint: 'fill' | 'stroke' | 'ink'
  readonly width: number
  readonly dash?: readonly number[]
  readonly opacity?: number
  /** Painted inside the cell's outline only. */
  readonly clipped?: boolean
}

/** The square, in the units of the paths, that a cell with its strokes takes up. */
export const GLYPH_VIEW = { min: 1.1, size: 13.8 } as const

/** Fill levels that a starting cell can show; more would not be told apart. */
export const PROGRESS_STEPS = 8

/** The step, 0..PROGRESS_STEPS, that shows a progress of 0..1. Only a finished one shows full. */
export function progressStep(progress: number): number {
  if (!(progress > 0)) return 0
  return progress >= 1 ? PROGRESS_STEPS : Math.min(PROGRESS_STEPS - 1, Math.floor(progress * PROGRESS_STEPS))
}

/** The parts of a state's shape, in drawing order. `progress` (0..1) matters to starting pods only. */
export function glyphParts(state: number, progress = 1): readonly GlyphPart[] {
  const { fill, mark } = STATE_SHAPES[podState(state)]
  const parts: GlyphPart[] = []
  if (fill === 'solid') parts.push({ d: CELL_PATH, paint: 'fill', width: 0 }, { d: CELL_PATH, paint: 'stroke', width: 1.4 })
  if (fill === 'hollow') parts.push({ d: CELL_PATH, paint: 'stroke', width: mark === '' ? 2.4 : 1.6 })
  if (fill === 'dashed') parts.push({ d: CELL_PATH, paint: 'stroke', width: 1.7, dash: [2.6, 2.1] })
  if (fill === 'tint')
    parts.push(
      { d: CELL_PATH, paint: 'fill', width: 0, opacity: 0.2 },
      { d: CELL_PATH, paint: 'stroke', width: 0.8, opacity: 0.7 },
    )
  if (fill === 'hatch')
    parts.push({ d: HATCH_PATH, paint: 'stroke', width: 1.5, clipped: true }, { d: CELL_PATH, paint: 'stroke', width: 1.4 })
  if (fill === 'progress') {
    const step = progressStep(progress)
    const top = 14 - (12 * step) / PROGRESS_STEPS
    if (step > 0) parts.push({ d: `M2 ${top}H14V14H2Z`, paint: 'fill', width: 0, opacity: 0.85, clipped: true })
    parts.push({ d: CELL_PATH, paint: 'stroke', width: 1.5 })
  }
  if (mark !== '') parts.push({ d: mark, paint: fill === 'solid' ? 'ink' : 'stroke', width: 2 })
  return parts
}
