/** A mounted volume: files by path relative to the mount. */
export interface Mount {
  readonly containerPath: string
  /** Only this file or folder of the volume. */
  readonly subPath: string
  readonly readOnly: boolean
  readonly files: Map<string, string>
}

/**
 * A container's files: the image's, what was written over them, and mounted volumes. Folders exist when something is
 * in them or when they were made. SIMPLIFIED: no owners, modes, links or devices.
 */
export class FileSystem {
  private readonly base: { readonly [path: string]: string }
  private readonly mounts: readonly Mount[]
  private readonly onChange: () => void
  private upper: Map<string, string> | null = null
  private removed: Set<string> | null = null
  private folders: Set<string> | null = null

  constructor(base: { readonly [path: string]: string }, mounts: readonly Mount[], onChange: () => void) {
    this.base = base
    this.mounts = mounts.toSorted((a, b) => b.containerPath.length - a.containerPath.length)
    this.onChange = onChange
  }

  /** Undefined when there is no such file. */
  read(path: string): string | undefined {
    const clean = normalize(path)
    const mount = this.mountOf(clean)
    if (mount) return mount.files.get(inside(mount, clean))
    if (this.removed?.has(clean)) return undefined
    return this.upper?.get(clean) ?? this.base[clean]
  }

  /** Gives why it failed, as the C library words it; undefined when it worked. */
  write(path: string, text: string): string | undefined {
    const clean = normalize(path)
    const mount = this.mountOf(clean)
    if (mount?.readOnly) return 'Read-only file system'
    if (this.isFolder(clean)) return 'Is a directory'
    if (!this.isFolder(parent(clean))) return 'No such file or directory'
    if (mount) mount.files.set(inside(mount, clean), text)
    else {
      this.upper ??= new Map()
      this.upper.set(clean, text)
      this.removed?.delete(clean)
    }
    this.onChange()
    return undefined
  }

  append(path: string, text: string): string | undefined {
    return this.write(path, (this.read(path) ?? '') + text)
  }

  /** Removes a file, or a folder with all that is in it. False when there is neither. */
  remove(path: string): boolean {
    const clean = normalize(path)
    if (!this.exists(clean)) return false
    for (const file of this.under(clean)) this.removeFile(file)
    this.removeFile(clean)
    this.folders?.delete(clean)
    this.onChange()
    return true
  }

  makeFolder(path: string): void {
    this.folders ??= new Set()
    this.folders.add(normalize(path))
    this.onChange()
  }

  exists(path: string): boolean {
    return this.read(path) !== undefined || this.isFolder(path)
  }

  isFolder(path: string): boolean {
    const clean = normalize(path)
    if (STANDARD_FOLDERS.has(clean) || this.folders?.has(clean)) return true
    if (this.mounts.some((m) => clean === m.containerPath && !isFileMount(m))) return true
    return this.under(clean).length > 0
  }

  /** Names in a folder, sorted. */
  list(path: string): string[] {
    const clean = normalize(path)
    const start = clean === '/' ? 1 : clean.length + 1
    const names = new Set<string>()
    for (const file of this.under(clean)) names.add(file.slice(start).split('/')[0] ?? '')
    for (const folder of [...STANDARD_FOLDERS, ...(this.folders ?? []), ...this.mounts.map((m) => m.containerPath)])
      if (folder !== '/' && parent(folder) === clean) names.add(folder.slice(start))
    return [...names].filter((n) => n !== '').toSorted()
  }

  private removeFile(path: string): void {
    const mount = this.mountOf(path)
    if (mount) mount.files.delete(inside(mount, path))
    else {
      this.upper?.delete(path)
      if (path in this.base) (this.removed ??= new Set()).add(path)
    }
  }

  /** Paths of all files below a folder. */
  private under(folder: string): string[] {
    const prefix = folder === '/' ? '/' : `${folder}/`
    const found = new Set<string>()
    for (const path in this.base) if (path.startsWith(prefix) && !this.removed?.has(path)) found.add(path)
    for (const path of this.upper?.keys() ?? []) if (path.startsWith(prefix)) found.add(path)
    for (const mount of this.mounts) {
      const { containerPath } = mount
      // Files of mounts elsewhere are not even asked for.
      if (!containerPath.startsWith(prefix) && !prefix.startsWith(`${containerPath}/`)) continue
      for (const name of mount.files.keys()) {
        const path = outside(mount, name)
        if (path?.startsWith(prefix)) found.add(path)
      }
    }
    return [...found]
  }

  private mountOf(path: string): Mount | undefined {
    return this.mounts.find(
      (m) => path === m.containerPath || path.startsWith(`${m.containerPath === '/' ? '' : m.containerPath}/`),
    )
  }
}

const STANDARD_FOLDERS = new Set([
  '/',
  '/tmp',
  '/etc',
  '/var',
  '/var/log',
  '/var/lib',
  '/root',
  '/home',
  '/usr',
  '/bin',
  '/dev',
  '/proc',
  '/opt',
  '/data',
])

const isFileMount = (mount: Mount) => mount.subPath !== '' && mount.files.has(mount.subPath)

function inside(mount: Mount, path: string): string {
  const rest = path.slice(mount.containerPath.length).replace(/^\//, '')
  if (mount.subPath === '') return rest
  return rest === '' ? mount.subPath : `${mount.subPath}/${rest}`
}

function outside(mount: Mount, name: string): string | undefined {
  if (mount.subPath === '') return `${mount.containerPath}/${name}`
  if (name === mount.subPath) return mount.containerPath
  return name.startsWith(`${mount.subPath}/`) ? `${mount.containerPath}/${name.slice(mount.subPath.length + 1)}` : undefined
}

export function parent(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

/** An absolute path without '.', '..' and doubled slashes. */
export function normalize(path: string, cwd = '/'): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}
