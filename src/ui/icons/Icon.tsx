import { KIND_FRAME, UI_PATHS, kindGlyph } from './paths.ts'
import type { UiPath } from './paths.ts'

/** A sign of the interface. Decorative: its button carries the name. */
export function Icon({ name, size = 16 }: { readonly name: UiPath; readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={UI_PATHS[name]} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}

/** A kind's icon: a heptagon with the kind's sign. Its word always stands beside it, so it has no name of its own. */
export function KindIcon({ kind, size = 18 }: { readonly kind: string; readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false" style={{ flex: 'none' }}>
      <path d={KIND_FRAME} fill="var(--icon-frame, var(--text-soft))" strokeLinejoin="round" />
      <path
        d={kindGlyph(kind)}
        fill="none"
        stroke="var(--icon-ink, var(--surface-raised))"
        strokeWidth="1.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}

/** Kubarium's own mark: the seven-cornered frame with water in it. */
export function Logo({ size = 20 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false" style={{ flex: 'none' }}>
      <path d={KIND_FRAME} fill="var(--accent)" />
      <path
        d="M4.5 9.6q1.8-1.8 3.6 0t3.7 0 3.7 0M6.4 13.2q1.2-1.2 2.4 0t2.4 0 2.4 0"
        fill="none"
        stroke="var(--accent-ink)"
        strokeWidth="1.4"
        strokeLinecap="round"
      />
    </svg>
  )
}
