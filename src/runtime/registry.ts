import { hashText } from '../sim/random.ts'
import type { Image, Layer } from './image.ts'
import { fullName, parseReference, type ImageReference } from './reference.ts'

/** A failure of the container runtime, in its own words. */
export class CriError extends Error {
  override readonly name = 'CriError'
}

export interface Manifest {
  readonly reference: ImageReference
  readonly image: Image
  readonly layers: readonly Layer[]
  readonly digest: string
  readonly sizeBytes: number
}

/**
 * The image registries of the world: known repositories with their tags, and for everything else the error that
 * containerd would report. Images can be added, for a class that has pushed its own.
 */
export class Registry {
  private readonly images = new Map<string, Image>()
  /** Registries that do not answer now. */
  readonly unreachable = new Set<string>()

  constructor(images: readonly Image[]) {
    for (const image of images) this.add(image)
  }

  add(image: Image): void {
    this.images.set(image.repository, image)
    for (const alias of image.aliases ?? []) this.images.set(alias, image)
  }

  /** Throws CriError as the pull would. */
  resolve(name: string, authenticated = false): Manifest {
    const reference = parseReference(name)
    if (!reference)
      throw new CriError(
        `rpc error: code = InvalidArgument desc = failed to parse image reference "${name}": invalid reference format`,
      )
    const full = fullName(reference)
    const fail = (code: string, cause: string) =>
      new CriError(
        `rpc error: code = ${code} desc = failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${cause}`,
      )
    if (this.unreachable.has(reference.registry))
      throw fail('DeadlineExceeded', `failed to do request: Head "${manifestUrl(reference)}": dial tcp: i/o timeout`)
    const image = this.images.get(reference.repository)
    if (!image || (image.isPrivate && !authenticated)) throw fail(...unknownRepository(reference, full))
    if (reference.tag && !image.tags(reference.tag)) throw fail('NotFound', `${full}: not found`)
    return manifestOf(image, reference)
  }
}

function manifestOf(image: Image, reference: ImageReference): Manifest {
  const layers = image.layers(reference.tag || 'latest')
  let sizeBytes = 0
  for (const layer of layers) sizeBytes += layer.bytes
  return { reference, image, layers, sizeBytes, digest: reference.digest || digestOf(`${reference.repository}:${reference.tag}`) }
}

/** A digest made up from a text: always the same for the same image. */
export function digestOf(text: string): string {
  let out = ''
  for (let i = 0; i < 8; i++)
    out += hashText(text, 0x811c9dc5 + i * 0x9e3779b1)
      .toString(16)
      .padStart(8, '0')
  return `sha256:${out}`
}

function manifestUrl({ registry, path, tag, digest }: ImageReference): string {
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry
  return `https://${host}/v2/${path}/manifests/${tag || digest}`
}

const PUBLIC = new Set([
  'registry.k8s.io',
  'k8s.gcr.io',
  'gcr.io',
  'mcr.microsoft.com',
  'public.ecr.aws',
  'registry.aliyuncs.com',
])

/** Code and cause for a repository that is not there. */
function unknownRepository(reference: ImageReference, full: string): [string, string] {
  const { registry, path } = reference
  const scope = `repository%3A${path.replaceAll('/', '%2F')}%3Apull`
  if (registry === 'docker.io' || /^registry\..*\.aliyuncs\.com$/.test(registry))
    return [
      'Unknown',
      'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    ]
  if (registry === 'ghcr.io')
    return [
      'Unknown',
      `failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=${scope}&service=ghcr.io: 403 Forbidden`,
    ]
  if (registry === 'quay.io')
    return ['Unknown', `unexpected status from HEAD request to ${manifestUrl(reference)}: 401 UNAUTHORIZED`]
  if (PUBLIC.has(registry)) return ['NotFound', `${full}: not found`]
  const host = registry.replace(/:\d+$/, '')
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(host) || host === 'localhost'
  const port = /:(\d+)$/.exec(registry)?.[1] ?? '443'
  const dial = isAddress
    ? `dial tcp ${host === 'localhost' ? '[::1]' : host}:${port}: connect: connection refused`
    : `dial tcp: lookup ${host}: no such host`
  return ['Unknown', `failed to do request: Head "${manifestUrl(reference)}": ${dial}`]
}
