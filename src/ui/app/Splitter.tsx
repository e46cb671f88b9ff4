import { useRef } from 'react'
import type { KeyboardEvent, PointerEvent } from 'react'
import styles from './Splitter.module.css'

interface SplitterProps {
  readonly label: string
  /** 'column': moves left and right; 'row': up and down. */
  readonly direction: 'column' | 'row'
  /** The panel lies after the splitter (right or below), so moving towards the start enlarges it. */
  readonly reversed?: boolean
  /** Size of the panel, CSS pixels. */
  readonly value: number
  readonly min: number
  readonly max: number
  readonly onChange: (value: number) => void
}

const STEP_PX = 16

/** An edge to drag: by pointer, or focused with the arrow keys, Home and End. */
export function Splitter({ label, direction, reversed = false, value, min, max, onChange }: SplitterProps) {
  const drag = useRef<{ readonly from: number; readonly value: number } | null>(null)
  const change = (next: number): void => onChange(Math.round(Math.min(max, Math.max(min, next))))
  const at = (event: PointerEvent): number => (direction === 'column' ? event.clientX : event.clientY)
  const sign = reversed ? -1 : 1

  const onKeyDown = (event: KeyboardEvent): void => {
    const [less, more] = direction === 'column' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown']
    if (event.key === less) change(value - sign * STEP_PX)
    else if (event.key === more) change(value + sign * STEP_PX)
    else if (event.key === 'Home') change(min)
    else if (event.key === 'End') change(max)
    else return
    event.preventDefault()
  }

  return (
    <div
      className={`${styles.splitter} ${styles[direction]}`}
      role="separator"
      aria-label={label}
      aria-orientation={direction === 'column' ? 'vertical' : 'horizontal'}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        drag.current = { from: at(event), value }
        event.currentTarget.setPointerCapture(event.pointerId)
        event.preventDefault()
      }}
      onPointerMove={(event) => {
        if (drag.current !== null) change(drag.current.value + sign * (at(event) - drag.current.from))
      }}
      onPointerUp={() => (drag.current = null)}
      onPointerCancel={() => (drag.current = null)}
    />
  )
}
