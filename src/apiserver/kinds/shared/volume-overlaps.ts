/** Files of one volume that hide one another. Source: k8s 1.36 pkg/api/pod/warnings.go. */
import type { KeyToPath, Volume, VolumeProjection } from '../../../apimachinery/generated/types.ts'

interface FileAt {
  readonly path: string
  readonly source: string
}

const quote = (text: string) => JSON.stringify(text)
const show = (file: FileAt) => (file.source === '' ? quote(file.path) : `${quote(file.path)} (${file.source})`)

function overlaps(a: FileAt, b: FileAt): boolean {
  if (a.path === '' || b.path === '') return false
  return `${a.path}/`.startsWith(`${b.path}/`) || `${b.path}/`.startsWith(`${a.path}/`)
}

/** Each pair that overlaps, the later file first. */
function collisions(groups: readonly (readonly FileAt[])[]): string[] {
  const seen: FileAt[] = []
  return groups.flatMap((group) =>
    group.flatMap((given) => {
      const file = { ...given, path: given.path.replace(/\/+$/, '') }
      const found = seen.filter((other) => overlaps(other, file)).map((other) => `${show(file)} with ${show(other)}`)
      seen.push(file)
      return found
    }),
  )
}

const files = (items: readonly Pick<KeyToPath, 'path'>[], source = ''): FileAt[] =>
  items.map(({ path }) => ({ path: path ?? '', source }))

function projectedFiles(source: VolumeProjection): FileAt[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle } = source
  if (configMap?.items) return files(configMap.items, `ConfigMap ${quote(configMap.name ?? '')}`)
  if (secret?.items) return files(secret.items, `Secret ${quote(secret.name ?? '')}`)
  if (downwardAPI?.items) return files(downwardAPI.items, 'DownwardAPI')
  if (serviceAccountToken) return [{ path: serviceAccountToken.path, source: 'ServiceAccountToken' }]
  if (!clusterTrustBundle) return []
  const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? ''
  return [{ path: clusterTrustBundle.path, source: `ClusterTrustBundle ${quote(name)}` }]
}

export function overlapWarnings(volumes: readonly Volume[]): string[] {
  return volumes.flatMap((v) => {
    const warn = (what: string, found: readonly string[]) =>
      found.map((text) => `volume ${quote(v.name)} (${what}): overlapping paths: ${text}`)
    const warnings: string[] = []
    if (v.configMap?.items)
      warnings.push(...warn(`ConfigMap ${quote(v.configMap.name ?? '')}`, collisions([files(v.configMap.items)])))
    if (v.secret?.items) warnings.push(...warn(`Secret ${quote(v.secret.secretName ?? '')}`, collisions([files(v.secret.items)])))
    if (v.downwardAPI?.items) warnings.push(...warn('DownwardAPI', collisions([files(v.downwardAPI.items)])))
    const sources = v.projected?.sources ?? []
    const empty = sources.filter((s) => Object.keys(s).length === 0)
    warnings.push(...empty.map(() => `volume ${quote(v.name)} (Projected) has no sources provided`))
    return [...warnings, ...warn('Projected', collisions(sources.map(projectedFiles)))]
  })
}
