/** Permission bits of files, and how they are written down. */

/** Who a process is to the kernel. */
export interface Credentials {
  readonly user: number
  readonly group: number
  readonly groups: readonly number[]
  /** A program with the setuid bit gets its owner's rights. */
  readonly mayEscalate: boolean
}

/** A file's permission bits and owner. */
export interface FileStat {
  /** With the setuid, setgid and sticky bits: 0o2777. */
  readonly mode: number
  readonly user: number
  readonly group: number
  readonly isFolder: boolean
}

export const ROOT: Credentials = { user: 0, group: 0, groups: [], mayEscalate: true }

const triple = (bits: number) => (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + (bits & 1 ? 'x' : '-')

/** rwxr-xr-x */
const permissions = (mode: number) => triple(mode >> 6) + triple(mode >> 3) + triple(mode)

/** As ls writes it: drwxrwsr-t. */
export function listMode({ mode, isFolder }: FileStat): string {
  const letters = [...permissions(mode)]
  for (const [bit, at, letter] of [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ] as const)
    if (mode & bit) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase()
  return (isFolder ? 'd' : '-') + letters.join('')
}

/** As Go writes an os.FileMode: dgtrwxrwxrwx, -rw-r--r--. */
export function goMode({ mode, isFolder }: FileStat): string {
  const kind = (isFolder ? 'd' : '') + (mode & 0o4000 ? 'u' : '') + (mode & 0o2000 ? 'g' : '') + (mode & 0o1000 ? 't' : '')
  return (kind || '-') + permissions(mode)
}

/** Go's FileMode.Perm(): without type and special bits. */
export const goPermissions = ({ mode }: FileStat): string => `-${permissions(mode)}`
