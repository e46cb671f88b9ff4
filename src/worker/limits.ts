import { itemsOf, parseManifest } from '../kubectl/manifest.ts'

/** Kubernetes' own limit for one cluster, and ours. */
export const MAX_PODS = 150_000

export interface Refusal {
  readonly line: number
  readonly message: string
}

/** Whether a workload asks for more pods than a cluster may hold. Bodies are objects or patches. */
export function tooManyPods(bodies: readonly unknown[], yaml = ''): Refusal | null {
  for (const body of bodies) {
    const refusal = check(body, 1)
    if (refusal) return refusal
  }
  if (!/\b(replicas|parallelism|completions)\s*:\s*["']?\d{6}/.test(yaml)) return null
  for (const document of parseManifest(yaml))
    for (const item of itemsOf(document.value)) {
      const refusal = check(item, document.line)
      if (refusal) return refusal
    }
  return null
}

function check(body: unknown, line: number): Refusal | null {
  const {
    kind = 'object',
    metadata,
    spec,
  } = (body ?? {}) as { kind?: string; metadata?: { name?: string }; spec?: { replicas?: unknown; parallelism?: unknown } }
  const wanted = Number(spec?.replicas ?? spec?.parallelism ?? 0)
  if (!(wanted > MAX_PODS)) return null
  const name = metadata?.name ? ` "${metadata.name}"` : ''
  return {
    line,
    message: `${kind}${name} asks for ${wanted.toLocaleString('en-US')} pods; a cluster holds at most ${MAX_PODS.toLocaleString('en-US')}. Ask for fewer.`,
  }
}
