import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { POD_STATES } from '../../worker/protocol.ts'

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')

/** All '--name: #rrggbb' of the blocks whose selector list holds the selector, later blocks winning. */
function block(selector: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, selectors = '', body = ''] of css.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/([^{}]+)\{([^}]*)\}/g)) {
    if (!selectors.split(',').some((one) => one.trim() === selector)) continue
    for (const [, name = '', value = ''] of body.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6})/gi)) found.set(name, value)
  }
  return found
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** WCAG 2: contrast ratio of two colours. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

const themes = ['light', 'dark'].map((theme) => {
  const base = block(`:root[data-theme='${theme}']`)
  const dark = theme === 'dark' ? ":root[data-theme='dark']" : ':root'
  const palettes = ['standard', 'red-green', 'blue-yellow'].map((palette) => {
    const own = palette === 'standard' ? base : new Map([...base, ...block(`${dark}[data-palette='${palette}']`)])
    return { palette, own }
  })
  return { theme, base, palettes }
})

describe.each(themes)('$theme', ({ base, palettes }) => {
  const of = (name: string): string => base.get(name) ?? '#000000'
  const surfaces = ['--n-0', '--n-1', '--n-2'].map(of)

  it.each(['--n-7', '--n-8', '--n-9', '--accent', '--danger', '--warning', '--success'])(
    '%s is legible as text on every surface',
    (name) => {
      for (const surface of surfaces) expect(contrast(of(name), surface)).toBeGreaterThanOrEqual(4.5)
    },
  )
  it('text on the accent and on its wash is legible', () => {
    expect(contrast(of('--accent-ink'), of('--accent'))).toBeGreaterThanOrEqual(4.5)
    for (const name of ['--n-9', '--n-7']) expect(contrast(of(name), of('--accent-wash'))).toBeGreaterThanOrEqual(4.5)
    expect(contrast(of('--n-7'), of('--n-3'))).toBeGreaterThanOrEqual(4.5)
  })
  it('edges of controls are visible', () => {
    for (const surface of surfaces) expect(contrast(of('--n-6'), surface)).toBeGreaterThanOrEqual(3)
  })
  it.each(palettes)('state colours of the $palette palette are visible on every surface, and all different', ({ own }) => {
    const colors = POD_STATES.map((state) => own.get(`--state-${state}`) ?? '')
    expect(new Set(colors).size).toBe(POD_STATES.length)
    for (const color of colors) for (const surface of surfaces) expect(contrast(color, surface), color).toBeGreaterThanOrEqual(3)
  })
})
