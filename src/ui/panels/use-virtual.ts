import { useCallback, useRef, useState } from 'react'
import type { RefCallback } from 'react'

const OVERSCAN = 8

export interface VirtualRows {
  /** First row to draw, and the one after the last. */
  readonly from: number
  readonly to: number
  readonly attach: RefCallback<HTMLElement>
  /** Scrolls so that the row is in sight. */
  readonly reveal: (index: number) => void
}

/**
 * Which of many rows of equal height are in sight, for a scrolling element with a head line. Draw rows from..to
 * between two spacers; everything else costs nothing.
 */
export function useVirtualRows(count: number, rowHeightPx: number, headHeightPx: number): VirtualRows {
  const element = useRef<HTMLElement | null>(null)
  const [view, setView] = useState({ top: 0, height: 400 })
  const attach = useCallback((node: HTMLElement | null) => {
    element.current = node
    if (node === null) return
    const measure = (): void => {
      setView((old) =>
        old.top === node.scrollTop && old.height === node.clientHeight ? old : { top: node.scrollTop, height: node.clientHeight },
      )
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(node)
    node.addEventListener('scroll', measure, { passive: true })
    return () => {
      observer.disconnect()
      node.removeEventListener('scroll', measure)
    }
  }, [])
  const reveal = useCallback(
    (index: number) => {
      const node = element.current
      if (node === null) return
      const top = index * rowHeightPx
      if (top < node.scrollTop) node.scrollTop = top
      else if (top + rowHeightPx + headHeightPx > node.scrollTop + node.clientHeight) {
        node.scrollTop = top + rowHeightPx + headHeightPx - node.clientHeight
      }
    },
    [rowHeightPx, headHeightPx],
  )
  const from = Math.max(0, Math.min(count, Math.floor(view.top / rowHeightPx) - OVERSCAN))
  const to = Math.min(count, Math.ceil((view.top + view.height) / rowHeightPx) + OVERSCAN)
  return { from, to, attach, reveal }
}
