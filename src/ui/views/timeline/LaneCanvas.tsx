import { useEffect, useRef, useState, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { clockTime } from '../../panels/format.ts'
import { useSettings } from '../../state/settings.ts'
import { readPalette } from '../cluster/palette.ts'
import { draw, type Scene } from './draw.ts'
import { hitAt, timeAt, type Hit } from './hit.ts'
import { Tooltip } from './Tooltip.tsx'
import type { TimeWindow } from './model.ts'
import styles from './TimelineView.module.css'
import { useZoom } from './use-zoom.ts'

interface LaneCanvasProps {
  readonly scene: Omit<Scene, 'palette' | 'fontPx' | 'width'>
  readonly originMs: number
  readonly box: RefObject<HTMLDivElement | null>
  readonly width: number
  readonly onWindow: (window: TimeWindow) => void
  readonly onPick: (hit: Hit) => void
  readonly onLook: (timeMs: number) => void
}

/** The lives as bands. Decorative to screen readers: the tree and the list of events tell the same. */
export function LaneCanvas({ scene, originMs, box, width, onWindow, onPick, onLook }: LaneCanvasProps) {
  const { t } = useTranslation('timeline')
  const canvas = useRef<HTMLCanvasElement>(null)
  const [hover, setHover] = useState<{ readonly hit: Hit; readonly x: number; readonly y: number } | null>(null)
  const { darkNow, palette: paletteName, enlarged, theme } = useSettings()
  const { window, height } = scene
  useZoom(canvas, originMs, window, width, onWindow)

  useEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context || width === 0) return
    const frame = requestAnimationFrame(() => {
      const ratio = devicePixelRatio
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)]
      if (element.width !== w || element.height !== h) {
        element.width = w
        element.height = h
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      const palette = readPalette(document.documentElement)
      draw(context, { ...scene, width, palette, fontPx: enlarged ? 15 : 11 })
    })
    return () => cancelAnimationFrame(frame)
    // The settings change what the palette reads.
  }, [scene, width, height, enlarged, darkNow, paletteName, theme])

  const at = (event: { clientX: number; clientY: number }) => {
    const rect = canvas.current?.getBoundingClientRect()
    return { x: event.clientX - (rect?.left ?? 0), y: event.clientY - (rect?.top ?? 0) }
  }
  return (
    <>
      <canvas
        ref={canvas}
        className={styles.canvas}
        style={{ width, height }}
        role="img"
        aria-label={t('view.canvas', { from: clockTime(window.fromMs), to: clockTime(window.toMs) })}
        onPointerMove={(event) => {
          const { x, y } = at(event)
          const hit = hitAt({ ...scene, width }, x, y)
          const rect = box.current?.getBoundingClientRect()
          setHover(hit && rect ? { hit, x: event.clientX - rect.left, y: event.clientY - rect.top } : null)
        }}
        onPointerLeave={() => setHover(null)}
        onWheel={() => setHover(null)}
        onClick={(event) => {
          const { x, y } = at(event)
          const hit = hitAt({ ...scene, width }, x, y)
          if (hit) onPick(hit)
        }}
        onDoubleClick={(event) => onLook(timeAt({ window, width }, at(event).x))}
      />
      {hover && <Tooltip {...hover} nowMs={scene.nowMs} box={box} />}
    </>
  )
}
