import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))
const areas = readdirSync(join(here, 'en')).filter((file) => file.endsWith('.json'))

/** 'a.b.c' -> text, without the plural endings that only one of the languages has. */
function texts(language: string, area: string): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string') found.set(path.replace(/_(one|other)$/, ''), value)
    else for (const [key, entry] of Object.entries(value as object)) walk(entry, path === '' ? key : `${path}.${key}`)
  }
  walk(JSON.parse(readFileSync(join(here, language, area), 'utf8')), '')
  return found
}

describe.each(areas)('%s', (area) => {
  const en = texts('en', area)
  const zh = texts('zh', area)
  it('says the same things in both languages', () => {
    expect([...zh.keys()].toSorted()).toEqual([...en.keys()].toSorted())
  })
  it('leaves no text empty', () => {
    for (const [key, text] of [...en, ...zh]) expect(text, key).not.toBe('')
  })
  it('uses the same values in both languages', () => {
    const values = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? '').toSorted()
    for (const [key, text] of en) expect(values(zh.get(key) ?? ''), key).toEqual(values(text))
  })
})

describe('shell.json', () => {
  const known = texts('en', 'shell.json')
  const ui = fileURLToPath(new URL('..', import.meta.url))
  const sources = ['app', 'panels', 'panels/inspector'].flatMap((folder) =>
    readdirSync(join(ui, folder))
      .filter((file) => file.endsWith('.tsx') || file === 'report.ts' || file === 'dock-tabs.ts')
      .map((file) => readFileSync(join(ui, folder, file), 'utf8')),
  )
  it('has every text that the code asks for', () => {
    const asked = sources.flatMap((source) => [
      ...[...source.matchAll(/\bt\('(?:shell:)?([\w.-]+)'/g)].map(([, key]) => key ?? ''),
      ...[...source.matchAll(/'shell:([\w.-]+)'/g)].map(([, key]) => key ?? ''),
    ])
    expect(asked.length).toBeGreaterThan(50)
    expect(asked.filter((key) => !known.has(key))).toEqual([])
  })
})
