/** Image names. Source: distribution/reference; k8s 1.36 pkg/util/parsers. */
export interface ImageReference {
  /** docker.io/library/nginx */
  readonly repository: string
  readonly registry: string
  /** library/nginx */
  readonly path: string
  /** 'latest' unless given; '' with a digest alone. */
  readonly tag: string
  readonly digest: string
}

const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*'
const DOMAIN = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?)'
const REFERENCE = new RegExp(
  `^((?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,}))?$`,
)

/** Undefined when the name is no valid reference. */
export function parseReference(text: string): ImageReference | undefined {
  const match = REFERENCE.exec(text)
  if (!match) return undefined
  const [, name = '', tag, digest] = match
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const hasRegistry = first.includes('.') || first.includes(':') || first === 'localhost'
  const registry = hasRegistry ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io'
  let path = hasRegistry ? name.slice(slash + 1) : name
  if (/[A-Z]/.test(path)) return undefined
  if (registry === 'docker.io' && !path.includes('/')) path = `library/${path}`
  return { repository: `${registry}/${path}`, registry, path, tag: tag ?? (digest ? '' : 'latest'), digest: digest ?? '' }
}

/** docker.io/library/nginx:1.27 */
export function fullName(reference: ImageReference): string {
  return reference.repository + (reference.tag ? `:${reference.tag}` : '') + (reference.digest ? `@${reference.digest}` : '')
}
