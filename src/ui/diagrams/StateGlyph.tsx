import { useId } from 'react'
import { CELL_PATH } from '../icons/states.ts'
import { GLYPH_VIEW, glyphParts } from './glyphs.ts'

interface StateGlyphProps {
  /** Index into POD_STATES. */
  readonly state: number
  readonly progress?: number
  /** Side in CSS pixels. */
  readonly size?: number
  readonly x?: number
  readonly y?: number
  /** A CSS colour, such as var(--state-ready). */
  readonly color: string
  /** Colour of the surface behind, for marks cut out of a solid. */
  readonly surface: string
}

/** A pod state's shape as SVG: a nested svg element, so it stands alone or inside a drawing. Decorative: name it in text. */
export function StateGlyph({ state, progress, size = 14, x, y, color, surface }: StateGlyphProps) {
  const clip = useId()
  const parts = glyphParts(state, progress)
  return (
    <svg
      x={x}
      y={y}
      width={size}
      height={size}
      viewBox={`${GLYPH_VIEW.min} ${GLYPH_VIEW.min} ${GLYPH_VIEW.size} ${GLYPH_VIEW.size}`}
      aria-hidden="true"
    >
      {parts.some((part) => part.clipped) && (
        <clipPath id={clip}>
          <path d={CELL_PATH} />
        </clipPath>
      )}
      {parts.map((part, i) => (
        <path
          key={i}
          d={part.d}
          fill={part.paint === 'fill' ? color : 'none'}
          stroke={part.paint === 'stroke' ? color : part.paint === 'ink' ? surface : 'none'}
          strokeWidth={part.width}
          strokeDasharray={part.dash?.join(' ')}
          strokeLinecap={part.dash ? 'butt' : 'round'}
          strokeLinejoin="round"
          opacity={part.opacity}
          clipPath={part.clipped ? `url(#${clip})` : undefined}
        />
      ))}
    </svg>
  )
}
