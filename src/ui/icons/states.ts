import { POD_STATES } from '../../worker/protocol.ts'
import type { PodState } from '../../worker/protocol.ts'

/** How the body of a state's cell is painted; the mark, if any, is stroked over it. */
export type CellFill = 'solid' | 'hollow' | 'dashed' | 'progress' | 'hatch' | 'tint'

/** A state's shape in a 16 x 16 box, for SVG `d` and canvas `Path2D` alike. */
export interface StateShape {
  readonly fill: CellFill
  /** Stroked lines, 2 units wide, round caps; '' for none. On a solid fill they take the surface's colour, else the state's. */
  readonly mark: string
}

/** The outline of a cell: a 12 x 12 square with 2-unit corners in the middle of the box. */
export const CELL_PATH = 'M4 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2z'

export const STATE_SHAPES: { readonly [state in PodState]: StateShape } = {
  ready: { fill: 'solid', mark: '' },
  notReady: { fill: 'hollow', mark: '' },
  pending: { fill: 'dashed', mark: '' },
  starting: { fill: 'progress', mark: '' },
  crash: { fill: 'solid', mark: 'M5.5 5.5l5 5M10.5 5.5l-5 5' },
  image: { fill: 'hollow', mark: 'M3 13L13 3M8.7 9.7l1.2-1.2 2.2 2.6M5.6 5.6h.01' },
  terminating: { fill: 'hatch', mark: '' },
  completed: { fill: 'tint', mark: 'M5 8.3l2.2 2.2L11 6' },
  unknown: { fill: 'tint', mark: 'M6 6.4a2 2 0 1 1 2.9 1.8c-.6.3-.9.6-.9 1.2M8 11.6h.01' },
  failed: { fill: 'solid', mark: 'M7.5 5H5v6h2.5M7.5 8h4M9.8 6.2L11.6 8 9.8 9.8' },
}

/** Lines of the 'hatch' fill, clipped to CELL_PATH. */
export const HATCH_PATH = 'M2 6l4-4M2 10l8-8M2 14L14 2M6 14l8-8M10 14l4-4'

/** The state's name for its code in PodRow.state; codes this page does not know count as unknown. */
export function podState(code: number): PodState {
  return POD_STATES[code] ?? 'unknown'
}
