import { ROOT, type Credentials, type FileStat } from './file-mode.ts'

/** Permission bits of a volume's files. */
export interface VolumeModes {
  readonly folder: number
  readonly file: number
  /** By path in the volume, for those that differ. */
  readonly files: ReadonlyMap<string, number>
  readonly user: number
  readonly group: number
  /** A tmpfs. */
  readonly inMemory: boolean
}

/** A mounted volume: files by path relative to the mount. */
export interface Mount {
  readonly containerPath: string
  /** Only this file or folder of the volume. */
  readonly subPath: string
  readonly readOnly: boolean
  readonly files: Map<string, string>
  readonly modes?: VolumeModes
}

interface Attributes {
  readonly mode: number
  readonly user: number
  readonly group: number
}

/** Folders made in volumes, by the volume's files: all who mount it see them. */
const madeFolders = new WeakMap<Map<string, string>, Set<string>>()

function foldersOf(files: Map<string, string>): Set<string> {
  let folders = madeFolders.get(files)
  if (!folders) madeFolders.set(files, (folders = new Set()))
  return folders
}

/**
 * A container's files: the image's, what was written over them, and mounted volumes. Folders exist when something is
 * in them or when they were made. SIMPLIFIED: no links or devices; modes and owners are told, not enforced, and what a
 * container sets in a volume is not seen by others.
 */
export class FileSystem {
  private readonly base: { readonly [path: string]: string }
  private readonly mounts: readonly Mount[]
  private readonly onChange: () => void
  /** Who writes: owns what is new. */
  readonly owner: Credentials
  private readonly isReadOnly: boolean
  private attributes: Map<string, Attributes> | null = null
  private upper: Map<string, string> | null = null
  private removed: Set<string> | null = null
  private folders: Set<string> | null = null

  /** `isReadOnly`: nothing can be written outside of the mounts. */
  constructor(
    base: { readonly [path: string]: string },
    mounts: readonly Mount[],
    onChange: () => void,
    owner: Credentials = ROOT,
    isReadOnly = false,
  ) {
    this.owner = owner
    this.isReadOnly = isReadOnly
    this.base = base
    this.mounts = mounts.toSorted((a, b) => b.containerPath.length - a.containerPath.length)
    this.onChange = onChange
    // What is mounted by subPath is made when it is not there.
    for (const mount of mounts)
      if (mount.subPath !== '' && !isFileMount(mount)) foldersOf(mount.files).add(mount.subPath.replace(/\/$/, ''))
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
    if (mount?.readOnly || (this.isReadOnly && !mount && !clean.startsWith('/dev/'))) return 'Read-only file system'
    if (this.isFolder(clean)) return 'Is a directory'
    if (!this.isFolder(parent(clean))) return 'No such file or directory'
    if (this.read(clean) === undefined) this.setAttributes(clean, 0o644)
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
    const mount = this.mountOf(clean)
    if (mount) removeFolders(mount, inside(mount, clean))
    else this.folders?.delete(clean)
    this.attributes?.delete(clean)
    this.onChange()
    return true
  }

  makeFolder(path: string): void {
    const clean = normalize(path)
    if (!this.isFolder(parent(clean))) this.makeFolder(parent(clean))
    if (!this.isFolder(clean)) this.setAttributes(clean, 0o755)
    const mount = this.mountOf(clean)
    if (mount) foldersOf(mount.files).add(inside(mount, clean))
    else (this.folders ??= new Set()).add(clean)
    this.onChange()
  }

  /** Mode and owner; undefined when there is neither file nor folder. */
  stat(path: string): FileStat | undefined {
    const clean = normalize(path)
    const isFolder = this.isFolder(clean)
    if (!isFolder && this.read(clean) === undefined) return undefined
    const own = this.attributes?.get(clean)
    if (own) return { ...own, isFolder }
    const mount = this.mountOf(clean)
    const modes = mount?.modes
    if (mount && modes) {
      const mode = isFolder ? modes.folder : (modes.files.get(inside(mount, clean)) ?? modes.file)
      return { mode, user: modes.user, group: modes.group, isFolder }
    }
    return { mode: clean === '/tmp' ? 0o1777 : isFolder ? 0o755 : 0o644, user: 0, group: 0, isFolder }
  }

  /** False when there is no such file. */
  change(path: string, to: Partial<Attributes>): boolean {
    const found = this.stat(path)
    if (!found) return false
    const { mode, user, group } = { ...found, ...to }
    this.attributes ??= new Map()
    this.attributes.set(normalize(path), { mode, user, group })
    return true
  }

  /** Whether the path is in a volume that is kept in memory. */
  isInMemory(path: string): boolean {
    return this.mountOf(normalize(path))?.modes?.inMemory ?? false
  }

  /** What is new belongs to who writes; below a folder with the setgid bit to the folder's group. */
  private setAttributes(path: string, mode: number): void {
    const folder = this.stat(parent(path))
    const group = folder && folder.mode & 0o2000 ? folder.group : this.owner.group
    this.attributes ??= new Map()
    this.attributes.set(path, { mode, user: this.owner.user, group })
  }

  exists(path: string): boolean {
    return this.read(path) !== undefined || this.isFolder(path)
  }

  isFolder(path: string): boolean {
    const clean = normalize(path)
    if (STANDARD_FOLDERS.has(clean) || this.folders?.has(clean)) return true
    if (this.mounts.some((m) => clean === m.containerPath && !isFileMount(m))) return true
    return this.under(clean).length > 0 || this.madeIn(clean).length > 0
  }

  /** Names in a folder, sorted. */
  list(path: string): string[] {
    const clean = normalize(path)
    const start = clean === '/' ? 1 : clean.length + 1
    const names = new Set<string>()
    for (const file of this.under(clean)) names.add(file.slice(start).split('/')[0] ?? '')
    for (const folder of this.madeIn(clean)) names.add(folder.slice(start).split('/')[0] ?? '')
    for (const folder of [...STANDARD_FOLDERS, ...(this.folders ?? []), ...this.mounts.map((m) => m.containerPath)])
      if (folder !== '/' && parent(folder) === clean) names.add(folder.slice(start))
    return [...names].filter((n) => n !== '').toSorted()
  }

  private removeFile(path: string): void {
    this.attributes?.delete(path)
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

  /** Folders made in the path's volume that are the path or below it. */
  private madeIn(path: string): string[] {
    const mount = this.mountOf(path)
    const made = mount && madeFolders.get(mount.files)
    if (!mount || !made) return []
    const found: string[] = []
    for (const folder of made) {
      const here = outside(mount, folder)
      if (here === path || here?.startsWith(`${path}/`)) found.push(here)
    }
    return found
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

/** A volume that is one file has it under ''. */
const isFileMount = (mount: Mount) => mount.files.has(mount.subPath)

function removeFolders(mount: Mount, path: string): void {
  const made = foldersOf(mount.files)
  for (const folder of made) if (folder === path || folder.startsWith(`${path}/`)) made.delete(folder)
}

function inside(mount: Mount, path: string): string {
  const rest = path.slice(mount.containerPath.length).replace(/^\//, '')
  if (mount.subPath === '') return rest
  return rest === '' ? mount.subPath : `${mount.subPath}/${rest}`
}

function outside(mount: Mount, name: string): string | undefined {
  if (mount.subPath === '') return name === '' ? mount.containerPath : `${mount.containerPath}/${name}`
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
