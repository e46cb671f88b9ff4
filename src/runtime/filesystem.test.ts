import { expect, test } from 'vitest'
import { goMode, listMode } from './file-mode.ts'
import { FileSystem, type Mount } from './filesystem.ts'

const nothing = () => undefined
const owner = { user: 1001, group: 2002, groups: [], mayEscalate: false }

function mount(containerPath: string, files: Map<string, string>, more: Partial<Mount> = {}): Mount {
  return { containerPath, subPath: '', readOnly: false, files, ...more }
}

test('what is new belongs to who writes it', () => {
  const files = new FileSystem({ '/etc/passwd': '' }, [], nothing, owner)
  files.write('/tmp/a', 'x')
  files.makeFolder('/tmp/b')
  expect(files.stat('/tmp/a')).toEqual({ mode: 0o644, user: 1001, group: 2002, isFolder: false })
  expect(files.stat('/tmp/b')?.mode).toBe(0o755)
  expect(files.stat('/etc/passwd')?.user).toBe(0)
  expect(files.stat('/nowhere')).toBeUndefined()
})

test('volumes tell their modes; below a setgid folder the group is inherited', () => {
  const modes = { folder: 0o2777, file: 0o640, files: new Map([['key', 0o400]]), user: 0, group: 123, inMemory: true }
  const data = new Map([
    ['key', '1'],
    ['other', '2'],
  ])
  const files = new FileSystem({}, [mount('/v', data, { modes })], nothing, owner)
  expect(files.stat('/v/key')?.mode).toBe(0o400)
  expect(files.stat('/v/other')?.mode).toBe(0o640)
  files.write('/v/new', '')
  expect(files.stat('/v/new')).toMatchObject({ user: 1001, group: 123 })
  expect(files.isInMemory('/v/new')).toBe(true)
})

test('folders made in a volume are seen wherever it is mounted', () => {
  const data = new Map<string, string>()
  const files = new FileSystem({}, [mount('/sub', data, { subPath: 'a/b' }), mount('/all', data)], nothing)
  expect(files.isFolder('/all/a/b')).toBe(true)
  expect(files.list('/all')).toEqual(['a'])
  expect(files.write('/all/a/b/log', 'x')).toBeUndefined()
  expect(files.read('/sub/log')).toBe('x')
  files.makeFolder('/all/c')
  const others = new FileSystem({}, [mount('/here', data)], nothing)
  expect(others.isFolder('/here/c')).toBe(true)
  others.remove('/here/c')
  expect(files.isFolder('/all/c')).toBe(false)
})

test('a volume may be one file', () => {
  const files = new FileSystem({ '/etc/hosts': 'image' }, [mount('/etc/hosts', new Map([['', 'host']]))], nothing)
  expect(files.read('/etc/hosts')).toBe('host')
  expect(files.isFolder('/etc/hosts')).toBe(false)
  expect(files.list('/etc')).toEqual(['hosts'])
})

test('a read-only root can only be written in its volumes', () => {
  const files = new FileSystem({}, [mount('/v', new Map())], nothing, owner, true)
  expect(files.write('/file', 'x')).toBe('Read-only file system')
  expect(files.write('/v/file', 'x')).toBeUndefined()
})

test('modes in words', () => {
  const stat = { mode: 0o3770, user: 0, group: 0, isFolder: true }
  expect(listMode(stat)).toBe('drwxrws--T')
  expect(goMode(stat)).toBe('dgtrwxrwx---')
  expect(goMode({ ...stat, mode: 0o440, isFolder: false })).toBe('-r--r-----')
})
