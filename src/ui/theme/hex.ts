let probe: CanvasRenderingContext2D | null | undefined

/** Any opaque CSS colour as '#rrggbb': style sheets may hold '#fff' or a name after they were made small. */
export function hexColor(color: string): string {
  if (/^#[0-9a-f]{6}$/i.test(color)) return color
  probe ??= document.createElement('canvas').getContext('2d')
  if (!probe) return color
  probe.fillStyle = '#000000'
  probe.fillStyle = color
  return String(probe.fillStyle)
}
