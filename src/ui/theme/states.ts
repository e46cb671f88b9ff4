import { POD_STATES } from '../../worker/protocol.ts'
import type { PodState } from '../../worker/protocol.ts'
import { STATE_SHAPES } from '../icons/states.ts'
import type { StateShape } from '../icons/states.ts'

export interface StateStyle {
  readonly state: PodState
  /** Custom property that holds the colour in the present theme and palette. */
  readonly cssVar: `--state-${PodState}`
  readonly shape: StateShape
  /** i18n key of the state's word in a legend. */
  readonly titleKey: `shell:state.${PodState}`
}

/** One state, one colour, one shape, one word. In the order of POD_STATES, so a PodRow.state indexes it. */
export const STATE_STYLES: readonly StateStyle[] = POD_STATES.map((state) => ({
  state,
  cssVar: `--state-${state}`,
  shape: STATE_SHAPES[state],
  titleKey: `shell:state.${state}`,
}))

/** The present colours in the order of POD_STATES, for canvases. Read again when useSettings' theme or palette changes. */
export function readStateColors(element: Element = document.documentElement): readonly string[] {
  const style = getComputedStyle(element)
  return STATE_STYLES.map(({ cssVar }) => style.getPropertyValue(cssVar).trim())
}
