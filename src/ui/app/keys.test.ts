import { describe, expect, it } from 'vitest'
import { KEY_HELP, commandFor } from './keys.ts'

const press = (key: string, change: object = {}) =>
  commandFor({ key, ctrlKey: false, metaKey: false, altKey: false, inText: false, onControl: false, ...change })

describe('keys', () => {
  it.each([
    ['/', 'search'],
    [':', 'kind'],
    ['?', 'help'],
    ['Escape', 'back'],
    [' ', 'play'],
    ['.', 'step'],
    ['d', 'describe'],
    ['y', 'yaml'],
    ['e', 'edit'],
    ['+', 'enlarge'],
  ])('%s is %s', (key, type) => {
    expect(press(key)).toEqual({ type })
  })
  it('digits choose views', () => {
    expect(press('2')).toEqual({ type: 'view', key: '2' })
    expect(press('0')).toBeNull()
  })
  it('leaves typing, browser shortcuts and unknown keys alone', () => {
    expect(press('/', { inText: true })).toBeNull()
    expect(press('d', { ctrlKey: true })).toBeNull()
    expect(press('e', { metaKey: true })).toBeNull()
    expect(press('toString')).toBeNull()
  })
  it('leaves Space to a focused control', () => {
    expect(press(' ', { onControl: true })).toBeNull()
    expect(press('/', { onControl: true })).toEqual({ type: 'search' })
  })
  it('every key in the help does something', () => {
    const names: { readonly [shown: string]: string } = { Esc: 'Escape', Space: ' ' }
    for (const { keys } of KEY_HELP)
      for (const key of keys.filter((k) => k !== '…')) expect(press(names[key] ?? key)).not.toBeNull()
  })
})
