import { useEffect, useState, type RefObject } from 'react'

/** The size of an element, for what is drawn into it. Pixels. */
export function useSize(ref: RefObject<HTMLElement | null>): { readonly width: number; readonly height: number } {
  const [size, setSize] = useState({ width: 640, height: 200 })
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(() =>
      setSize({ width: Math.max(240, element.clientWidth), height: Math.max(120, element.clientHeight) }),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return size
}
