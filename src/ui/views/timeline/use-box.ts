import { useEffect, useState, type RefObject } from 'react'

/** Widths of the names beside the lives. */
const WIDE_PX = 300
const NARROW_PX = 150

/** Size and scroll position of the rows' box. */
export function useBox(ref: RefObject<HTMLElement | null>) {
  const [box, setBox] = useState({ clientWidth: 0, height: 0, scrollTop: 0 })
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const measure = (): void => {
      const next = { clientWidth: element.clientWidth, height: element.clientHeight, scrollTop: element.scrollTop }
      setBox((old) =>
        old.clientWidth === next.clientWidth && old.height === next.height && old.scrollTop === next.scrollTop ? old : next,
      )
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [ref])
  const labelWidth = box.clientWidth < 620 ? NARROW_PX : WIDE_PX
  return { width: Math.max(0, box.clientWidth - labelWidth), height: box.height, scrollTop: box.scrollTop, labelWidth }
}
