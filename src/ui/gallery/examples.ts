/** The gallery's examples, in their order. Titles and descriptions are in i18n gallery.json under the same id. */

export type ExampleGroup = 'start' | 'rollout' | 'trouble' | 'placement' | 'network' | 'shape' | 'storage'

interface ExampleEntry {
  /** Name of the file in manifests/, and key of the texts. */
  readonly id: string
  readonly group: ExampleGroup
}

export const GROUPS: readonly ExampleGroup[] = ['start', 'rollout', 'trouble', 'placement', 'network', 'shape', 'storage']

/** Adding an example is one file in manifests/, one line here and its texts. */
export const EXAMPLES: readonly ExampleEntry[] = [
  { id: 'first-deployment', group: 'start' },
  { id: 'single-pod', group: 'start' },
  { id: 'shop', group: 'start' },
  { id: 'rolling-update', group: 'rollout' },
  { id: 'recreate', group: 'rollout' },
  { id: 'disruption', group: 'rollout' },
  { id: 'autoscaling', group: 'rollout' },
  { id: 'metrics-adapter', group: 'rollout' },
  { id: 'broken-image', group: 'trouble' },
  { id: 'crash-loop', group: 'trouble' },
  { id: 'probes', group: 'trouble' },
  { id: 'too-large', group: 'trouble' },
  { id: 'placement', group: 'placement' },
  { id: 'every-node', group: 'placement' },
  { id: 'load-balancer', group: 'network' },
  { id: 'load-balancer-pool', group: 'network' },
  { id: 'ingress-nginx', group: 'network' },
  { id: 'ingress', group: 'network' },
  { id: 'network-policy', group: 'network' },
  { id: 'policy-agent', group: 'network' },
  { id: 'stateful', group: 'shape' },
  { id: 'job', group: 'shape' },
  { id: 'indexed-job', group: 'shape' },
  { id: 'init-and-sidecar', group: 'shape' },
  { id: 'disk-driver', group: 'storage' },
  { id: 'disk-database', group: 'storage' },
  { id: 'disk-snapshots', group: 'storage' },
  { id: 'disk-restore', group: 'storage' },
]

const files = import.meta.glob<string>('./manifests/*.yaml', { query: '?raw', import: 'default', eager: true })

/** The manifest's text. Throws for an id without a file: the test makes sure there is none. */
export function exampleText(id: string): string {
  const text = files[`./manifests/${id}.yaml`]
  if (text === undefined) throw new Error(`no manifest for example ${id}`)
  return text
}

/** Kinds in a manifest, each once, in their order. */
export function kindsIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/^kind: *(\w+)/gm)].map((match) => match[1] ?? ''))]
}
