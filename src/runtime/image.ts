import type { ProgramTable } from './program.ts'

/** A layer of an image; layers with the same id are downloaded once per node. */
export interface Layer {
  readonly id: string
  readonly bytes: number
}

/** An image as a small program. One file each under images/, listed in images/catalog.ts. */
export interface Image {
  /** With registry: 'docker.io/library/nginx'. */
  readonly repository: string
  /** Other names of the same thing. */
  readonly aliases?: readonly string[]
  readonly tags: (tag: string) => boolean
  readonly layers: (tag: string) => readonly Layer[]
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  readonly env?: { readonly [name: string]: string }
  readonly workingDir?: string
  /** Its own programs by name; they come before the tools. */
  readonly programs: ProgramTable
  /** Which common tools it holds: a shell and its company, or nothing at all. */
  readonly tools: 'busybox' | 'debian' | 'none'
  readonly files?: { readonly [path: string]: string }
  /** Pulls need credentials. */
  readonly isPrivate?: boolean
  /** User that it runs as; 0 is root. */
  readonly user?: number
  /** What `docker stop` and the kubelet send; SIGTERM unless given. */
  readonly stopSignal?: 'SIGTERM' | 'SIGQUIT' | 'SIGINT'
}

const MB = 1_000_000

/** Layers of a usual image: a shared base and what is its own. Sizes in megabytes, compressed. */
export function layered(base: { readonly id: string; readonly megabytes: number } | null, own: string, megabytes: number) {
  return (tag: string): readonly Layer[] => {
    // Versions differ a little in size, always by the same amount.
    let spread = 0
    for (const char of tag) spread = (spread * 31 + char.charCodeAt(0)) % 9973
    const bytes = Math.round(megabytes * MB) + spread * 37
    const first = Math.round(bytes * 0.7)
    const layers = [
      { id: `${own}:${tag}/1`, bytes: first },
      { id: `${own}:${tag}/2`, bytes: bytes - first },
    ]
    return base ? [{ id: base.id, bytes: Math.round(base.megabytes * MB) }, ...layers] : layers
  }
}

export const DEBIAN = { id: 'debian-12', megabytes: 28.2 }
export const ALPINE = { id: 'alpine-3', megabytes: 3.8 }

/** Tags that exist: exact names, or a pattern for version numbers. */
export function tagged(...known: readonly (string | RegExp)[]): (tag: string) => boolean {
  return (tag) => known.some((k) => (typeof k === 'string' ? k === tag : k.test(tag)))
}
