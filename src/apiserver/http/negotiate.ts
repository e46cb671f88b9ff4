import { StatusError, notAcceptable } from '../../apimachinery/errors.ts'

/** How the answer is to look. */
export interface Wanted {
  readonly media: 'json' | 'yaml'
  /** 'Table', 'PartialObjectMetadata', 'PartialObjectMetadataList', 'APIGroupDiscoveryList' or '' for the thing itself. */
  readonly as: string
  readonly version: string
}

interface Clause {
  readonly type: string
  readonly params: ReadonlyMap<string, string>
  readonly quality: number
}

function parseAccept(text: string): Clause[] {
  const clauses = text.split(',').map((part): Clause => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim())
    const params = new Map(rest.map((piece) => splitPair(piece)))
    const quality = Number(params.get('q') ?? '1')
    return { type: type.toLowerCase(), params, quality: Number.isNaN(quality) ? 0 : quality }
  })
  return clauses.filter((clause) => clause.type !== '').sort((a, b) => b.quality - a.quality)
}

function splitPair(text: string): [string, string] {
  const at = text.indexOf('=')
  return at < 0 ? [text, ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

/** SIMPLIFIED: protobuf is neither read nor written; clients that also accept JSON get JSON. */
const MEDIA: { readonly [type: string]: 'json' | 'yaml' } = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  '*/*': 'json',
  'application/*': 'json',
}
const OFFERED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'

/**
 * Picks the first clause of an Accept header that can be met. `transforms` are the shapes that can be asked for here.
 * k8s 1.36: handlers/negotiation NegotiateMediaTypeOptions.
 */
export function negotiate(accept: string | undefined, transforms: readonly string[]): Wanted {
  const clauses = parseAccept(accept || '*/*')
  let known = false
  for (const { type, params } of clauses) {
    const media = MEDIA[type]
    if (type === 'application/vnd.kubernetes.protobuf') known = true
    if (!media) continue
    known = true
    const as = params.get('as') ?? ''
    if (as === '') return { media, as: '', version: '' }
    const version = params.get('v') ?? ''
    if (transforms.includes(`${params.get('g') ?? ''}/${version}/${as}`)) return { media, as, version }
  }
  if (!known) throw withDetails(notAcceptable(`406: Not Acceptable\n\nAvailable representations: ${OFFERED}`))
  throw notAcceptable(`only the following media types are accepted: ${OFFERED}`)
}

function withDetails(error: StatusError): StatusError {
  return new StatusError({ ...error.status, details: {} })
}

const META = 'meta.k8s.io'

/** The shapes that any object or list can take. */
export const OBJECT_TRANSFORMS: readonly string[] = ['v1', 'v1beta1'].flatMap((v) =>
  ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'].map((kind) => `${META}/${v}/${kind}`),
)
/** What is only asked and never stored (reviews) has no table. */
export const QUESTION_TRANSFORMS: readonly string[] = OBJECT_TRANSFORMS.filter((transform) => !transform.endsWith('/Table'))
export const DISCOVERY_TRANSFORMS: readonly string[] = ['apidiscovery.k8s.io/v2/APIGroupDiscoveryList']
