/** The shape by which an entry's type is known, in the diagram and in the list. */
export type MarkLook = 'request' | 'event' | 'refusal' | 'turn' | 'write'

const SHAPES: { readonly [look in MarkLook]: string } = {
  request: 'M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10z',
  event: 'M8 2l6 6-6 6-6-6z',
  refusal: 'M3 3h10v10H3zM6 6l4 4M10 6l-4 4',
  turn: 'M12.5 6.5A5 5 0 1 0 13 9M13 3v3.6H9.4',
  write: 'M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10z',
}
const COLOURS: { readonly [look in MarkLook]: string } = {
  request: 'var(--accent)',
  event: 'var(--text-soft)',
  refusal: 'var(--danger)',
  turn: 'var(--text-soft)',
  write: 'var(--accent)',
}

/** Decorative: the words beside it say the same. */
export function Mark({ look }: { readonly look: MarkLook }) {
  const filled = look === 'request' || look === 'event'
  return (
    <svg width="12" height="12" viewBox="0 0 16 16" aria-hidden="true" focusable="false" style={{ flex: 'none' }}>
      <path
        d={SHAPES[look]}
        fill={filled ? COLOURS[look] : 'none'}
        stroke={COLOURS[look]}
        strokeWidth="1.7"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
